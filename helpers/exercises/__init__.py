"""Exercises that answer: values are looked up, and what a learner wrote is run.

asking    -- `check`, `hint` and `show_errors`
questions -- `predict` and `.reveal()` (`questions.toml`)
lookup    -- answers that are a number, a word or a list (`answers.toml`)
judging   -- what an exercise is, and how an answer is judged by cases, solution and mistakes
comparing -- whether what came is what was asked for, and the difference in words
observing -- a learner's network looked at from outside
programs  -- a learner's whole program watched from outside: what moved, and what did not
loops     -- a learner's training loop watched from outside, and the usual mistakes in one
clinic    -- `patient`: programs and curves with a silent fault
hints     -- three hints for each exercise, from its own data
handed    -- exercises in the files of notebooks
record    -- `report`: which of them were saved as passed
marking   -- students' notebooks judged; `grade` is its command
running   -- a learner's code run with care: time, errors, and nothing left changed
n00 ...   -- the exercises of each notebook
"""

from helpers.exercises.asking import check, hint, show_errors
from helpers.exercises.clinic import patient
from helpers.exercises.questions import predict
from helpers.exercises.record import report

__all__ = ["check", "hint", "patient", "predict", "report", "show_errors"]
