"""The rooms behind the notebooks, each with one job.

data       -- module 1: points to fit (`get_fake_data`, `FUNCTIONS`)
model      -- modules 2 and 3: `make_layers`, `Regressor`, counting parameters
training   -- module 6: the five steps, as a generator (`train`)
plots      -- arrays in, pictures out (`draw_data`, `draw_fit`, `draw_loss` ...)
frame      -- `Frame`: one picture made many times a second
live       -- `LivePlot`: a picture that moves while a loop runs
experiment -- `Settings` (all that a learner can choose) and `Experiment` (the six modules from it)
probe      -- what a network computes inside (`kinks`, `hidden_outputs` ...)
controls   -- the sliders and buttons of the panel
trainer    -- `Trainer`: the thread that trains while settings change
insight    -- `Insight`: the panel's toggles: kinks, hidden layers, beyond the data
playground -- `Playground`: the panel that puts controls, trainer and picture together
steps      -- `Steps`: one iteration taken apart, in any order
five_steps -- `FiveSteps`: a button for each of the five steps
sliders    -- `Sliders`: a picture that follows its controls
exercises  -- `check` and `predict`: answers that say what went wrong
sweep      -- many settings trained on every core or on a cluster (`sweep`, `Result`)
"""
