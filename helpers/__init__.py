"""The helpers behind the notebooks.

What is taught stands at the top:

data       -- module 1: points to fit (`get_fake_data`, `FUNCTIONS`), and digits (`make_digits`)
model      -- modules 2 and 3: `make_layers`, `Regressor`, counting parameters
training   -- module 6: the five steps, in a loop (`train`) and over batches (`train_epoch`)
experiment -- `Settings` (all that a learner can choose) and `Experiment` (the six modules from it)
probe      -- what a network computes inside (`kinks`, `hidden_outputs` ...)
plots      -- arrays in, pictures out (`draw_data`, `draw_fit`, `draw_loss` ...)
sweep      -- many settings trained on every core or on a cluster (`sweep`, `Result`)
guards     -- every refusal, each with its one sentence (`eval_mode`, too)
program    -- a run as a plain PyTorch program, and which lines two programs do not share

What asks, and what moves on the screen, stands in two packages:

exercises  -- `check`, `hint`, `predict`, `patient`, `report` and `show_errors`
widgets    -- `Playground`, `LivePlot`, `FiveSteps`, `Sliders` and `DrawDigit`
"""
