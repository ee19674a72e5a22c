"""How much the helpers cost, as ratios within one run.

python tests/benchmarks/training.py        (about five minutes on an idle machine)
"""

import io
import statistics
import time

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import torch
from torch import nn, optim

from helpers.data import get_fake_data
from helpers.live import LivePlot
from helpers.model import Regressor, make_layers
from helpers.training import Iteration, train

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
    return time.perf_counter() - began


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


def seconds(function, *arguments):
    began = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - began


def report(what, ratios, goal):
    low, middle, high = min(ratios), statistics.median(ratios), max(ratios)
    print(f"{what:<58} {middle:6.2f}  ({low:.2f} to {high:.2f})  goal {goal}", flush=True)


def frames():
    """Cost of an article's frame over that of ours, new axis ranges included."""
    figure, ax = plt.subplots(figsize=(8, 3.2), dpi=100)
    plot = LivePlot(X, Y)
    theirs = seconds(lambda: [article_frame(ax, Y * n / 50, n, 0.5) for n in range(50)])
    ours = 0.0
    for n in range(5000):  # a whole run's axis ranges, a frame every 20th iteration
        iteration = Iteration(n, 3 / (n + 1), Y * n / 5000)
        if n % 20 == 19:
            plot.deadline = 0.0
            ours += seconds(plot.show, iteration)
        else:
            plot.deadline = float("inf")
            plot.show(iteration)
    plt.close(figure)
    return (theirs / 50) / (ours / 250)


def main():
    for cfg, epochs in ((SMALL, 1000), (SEVEN, 100)):
        helper(cfg, epochs)
        ratios = [seconds(bare, cfg, epochs) / seconds(helper, cfg, epochs) for _ in range(15)]
        report(f"speed of train() over the bare loop, {len(cfg) - 2} hidden layers", ratios, 0.97)
    report("article's frame over LivePlot's, in time", [frames() for _ in range(5)], 4)
    pairs = [seconds(bare, SMALL, 5000) / live(SMALL, 5000) for _ in range(7)]
    report("speed of 5000 live iterations over the bare loop", pairs, 0.90)
    pairs = [seconds(article, SMALL, 5000) / live(SMALL, 5000) for _ in range(3)]
    report("article's way over live, 5000 iterations, in time", pairs, 10)


if __name__ == "__main__":
    main()
