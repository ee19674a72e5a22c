"""A processor that does not exist: it rounds as none does, so that what hangs on rounding shows.

Two real processors add the products of a matrix product in different orders, so that about every
second sum differs in its last bit. Here a hash of each sum's own bits decides, and a number picks
the hash: as many processors as one likes, on any machine, each the same in every run.
"""

import os
import warnings

OVERRIDES = []  # torch forgets an override with its library


def begin():
    """Compute as two variables say, where they are set: ROUND_AS and TORCH_THREADS."""
    if number := int(os.environ.get("ROUND_AS", "0")):
        become(number)
    if threads := int(os.environ.get("TORCH_THREADS", "0")):
        import torch

        torch.set_num_threads(threads)
        torch.set_num_threads = lambda number: None  # the notebooks ask for one


def become(number):
    """Round every matrix product of this process from now on as processor `number` does."""
    import torch

    # By the dtype of a product: integers as wide, and the bits that hold its digits.
    bits_of = {
        torch.float32: (torch.int32, 0x7FFFFF),
        torch.float64: (torch.int64, 0xFFFFFFFFFFFFF),
    }
    names = {torch.float32: "Float", torch.float64: "Double", torch.int64: "Long"}
    factor = (2 * number + 1) * 0x1E3779B1 & 0x7FFFFFFF

    def nudge(product):
        """Move about half of the numbers to the next float away from 0; 0, inf and nan stay."""
        if product.dtype not in bits_of:
            return product
        kind, digits = bits_of[product.dtype]
        bits = product.contiguous().view(kind)
        moved = ((bits & digits) * factor >> 13) & 1
        return (bits + moved).view(product.dtype)

    def mm(one, other):
        if one.shape[1] != other.shape[0]:  # in PyTorch's words, as below
            shapes = f"{one.shape[0]}x{one.shape[1]} and {other.shape[0]}x{other.shape[1]}"
            raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({shapes})")
        if one.dtype != other.dtype:
            kinds = f"{names[one.dtype]} and {names[other.dtype]}"
            raise RuntimeError(f"mat1 and mat2 must have the same dtype, but got {kinds}")
        return nudge(torch.bmm(one.unsqueeze(0), other.unsqueeze(0)).squeeze(0))

    def addmm(bias, one, other, *, beta=1, alpha=1):
        return nudge(alpha * mm(one, other) + beta * bias)

    library = torch.library.Library("aten", "IMPL")
    OVERRIDES.append(library)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch says that it is overridden
        library.impl("mm", mm, "CPU", allow_override=True)
        library.impl("addmm", addmm, "CPU", allow_override=True)
    torch._C._set_mkldnn_enabled(False)  # convolutions take another way, too
