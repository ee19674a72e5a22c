"""Exercises that answer: values are looked up, and what a learner wrote is run.

asking    -- `check`, `predict` and `show_errors`
lookup    -- answers that are a number, a word or a list (`answers.toml`)
running   -- a learner's code run with care: time, errors, and nothing left changed
expecting -- what a learner's code was given and gave back, looked at
tracing   -- a learner's training watched from outside: the five steps, gradients, weights
n00 ...   -- the checks of each notebook's exercises
"""

from helpers.exercises.asking import check, predict, show_errors

__all__ = ["check", "predict", "show_errors"]
