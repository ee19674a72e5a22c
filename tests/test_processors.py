"""Which sets of instructions are run and which are skipped, and what lies too near an edge."""

import json

import processors
import pytest

FOUR = {"ATEN_CPU_CAPABILITY", "MKL_ENABLE_INSTRUCTIONS", "ONEDNN_MAX_CPU_ISA", "OPENBLAS_CORETYPE"}


def test_each_real_set_chooses_for_every_library():
    for name in ("default", "default, AMD", "avx2", "avx512"):
        assert set(processors.SETS[name]) >= FOUR


def run_all(monkeypatch, capsys, tmp_path, probed, green=True):
    """The command, on a machine that answers so when it is asked how it rounds."""
    ran = []

    def run(name, chosen, paths):
        ran.append(name)
        return tmp_path, green

    monkeypatch.setattr(processors, "probe", probed)
    monkeypatch.setattr(processors, "run", run)
    with pytest.raises(SystemExit) as ended:
        processors.main()
    return ran, capsys.readouterr().out, ended.value.code


def old_machine(chosen):
    """One with AVX2 and no AVX-512, whose MKL does not hear to the variables of the first set."""
    used = "avx2" if chosen.get("ATEN_CPU_CAPABILITY") in (None, "avx512") else chosen[FIRST]
    rounds = used + chosen.get("MKL_CBWR", "") + chosen.get("ROUND_AS", "")
    return used, rounds


FIRST = "ATEN_CPU_CAPABILITY"


def test_a_set_that_the_machine_lacks_is_skipped_and_said_so(monkeypatch, capsys, tmp_path):
    ran, told, code = run_all(monkeypatch, capsys, tmp_path, old_machine)
    assert "avx512" not in ran
    assert ran[:3] == ["default", "default, AMD", "avx2"]
    assert ran[3:] == ["made up 1", "made up 2", "1 thread", "2 threads"]
    assert "avx512              skipped: this machine has no avx512" in told
    assert told.endswith("\ngreen\n")
    assert code == 0


def test_a_set_that_rounds_as_an_earlier_one_is_skipped_and_said_so(monkeypatch, capsys, tmp_path):
    def probed(chosen):
        used, rounds = old_machine(chosen)
        return used, rounds.replace("COMPATIBLE", "")

    ran, told, _ = run_all(monkeypatch, capsys, tmp_path, probed)
    assert "default, AMD" not in ran
    assert "default, AMD        skipped: rounds here as default does" in told


def test_one_set_that_is_not_green_is_enough(monkeypatch, capsys, tmp_path):
    _, told, code = run_all(monkeypatch, capsys, tmp_path, old_machine, green=False)
    assert told.endswith("\nnot green\n")
    assert code == 1


def store(folder, *shown):
    folder.mkdir(exist_ok=True)
    found = [("1:6", "loss", text, number, distance) for text, number, distance in shown]
    (folder / "00_overview.jsonl").write_text(json.dumps(["c1", found]) + "\n", "utf-8")
    return folder


def test_a_digit_nearer_to_its_edge_than_sets_lie_apart_is_not_safe(tmp_path, capsys):
    one = store(tmp_path / "one", ("0.12", 0.1240, 0.001 / 0.1240), ("0.5", 0.5, 0.1))
    near = store(tmp_path / "near", ("0.12", 0.1249, 0.0001 / 0.1249), ("0.5", 0.5, 0.1))
    far = store(tmp_path / "far", ("0.12", 0.1241, 0.0009 / 0.1241), ("0.5", 0.5, 0.1))
    assert processors.list_edges([one, far])
    assert "9.0  00, c1: 0.12, loss (0.0009, 0.0001)" in capsys.readouterr().out
    assert not processors.list_edges([one, near])
    assert "1 printed numbers differ" in capsys.readouterr().out
