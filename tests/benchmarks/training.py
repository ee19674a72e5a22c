"""How much the helpers cost, as ratios within one run.

python tests/benchmarks/training.py        (about five minutes on an idle machine)
"""

import io
import time

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import torch
from figures import report, report_runs, seconds
from torch import nn, optim

from helpers.data import get_fake_data
from helpers.model import Regressor, make_layers
from helpers.training import train
from helpers.widgets.live import LivePlot

torch.set_num_threads(1)
SMALL = [1, 20, 50, 20, 1]
SEVEN = [1, 20, 50, 100, 500, 100, 50, 20, 1]
X, Y = get_fake_data()
LOSS = nn.MSELoss()


def start(cfg):
    torch.manual_seed(0)
    net = Regressor(make_layers(cfg))
    return net, optim.SGD(net.parameters(), lr=5e-2)


def bare(cfg, epochs):
    net, optimizer = start(cfg)
    for _ in range(epochs):
        out = net(X)
        loss = LOSS(out, Y)
        loss.item()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def helper(cfg, epochs):
    net, optimizer = start(cfg)
    for _ in train(net, X, Y, LOSS, optimizer, epochs):
        pass


def live(cfg, epochs):
    net, optimizer = start(cfg)
    plot = LivePlot(X, Y, fps=10)
    began = time.perf_counter()
    for iteration in train(net, X, Y, LOSS, optimizer, epochs):
        plot.show(iteration)
    ended = time.perf_counter()
    plot.close()
    return ended - began


def article_frame(ax, prediction, number, loss):
    ax.clear()
    ax.scatter(X.numpy(), Y.numpy())
    ax.plot(X.numpy(), prediction.numpy(), "r-", lw=5)
    ax.text(-10, 0.75, f"iter={number}\nLoss={loss:.4f}", fontdict={"size": 10, "color": "red"})
    ax.set_title("hidden_layer:3")
    ax.figure.savefig(io.BytesIO(), format="png")


def article(cfg, epochs):
    net, optimizer = start(cfg)
    figure, ax = plt.subplots(figsize=(8, 3.2), dpi=100)
    for number in range(epochs):
        out = net(X)
        loss = LOSS(out, Y)
        loss.item()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if number % 5 == 0:
            article_frame(ax, out.detach(), number, loss.item())
    plt.close(figure)


def frames():
    """Cost of an article's frame over that of ours, ours in ms, and in kB; new axes included."""
    figure, ax = plt.subplots(figsize=(8, 3.2), dpi=100)
    plot = LivePlot(X, Y)
    theirs = seconds(lambda: [article_frame(ax, Y * n / 50, n, 0.5) for n in range(50)])
    sent = []
    for part in plot.picture.children:
        part.observe(lambda change: sent.append(len(change["new"])), "value")
    net, optimizer = start(SMALL)
    ours = 0.0
    for iteration in train(net, X, Y, LOSS, optimizer, 5000):  # a frame every 20th iteration
        plot.record(iteration)
        if iteration.number % 20 == 19:
            ours += seconds(plot.draw)
    plt.close(figure)
    plot.close()
    return {
        "article's frame over LivePlot's, in time (goal 4)": (theirs / 50) / (ours / 250),
        "a frame of LivePlot, in ms (goal: at most 2)": 1000 * ours / 250,
        "a frame of LivePlot, in kB (goal: at most 10)": sum(sent) / 1000 / 250,
    }


def main():
    for cfg, epochs in ((SMALL, 1000), (SEVEN, 100)):
        helper(cfg, epochs)
        ratios = [seconds(bare, cfg, epochs) / seconds(helper, cfg, epochs) for _ in range(15)]
        report(
            f"speed of train() over the bare loop, {len(cfg) - 2} hidden layers (goal 0.98)", ratios
        )
    report_runs([frames() for _ in range(3)])
    pairs = [seconds(bare, SMALL, 5000) / live(SMALL, 5000) for _ in range(7)]
    report("speed of 5000 live iterations over the bare loop (goal 0.90)", pairs)
    pairs = [seconds(article, SMALL, 5000) / live(SMALL, 5000) for _ in range(3)]
    report("article's way over live, 5000 iterations, in time (goal 10)", pairs)


if __name__ == "__main__":
    main()
