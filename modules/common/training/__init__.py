"""How every task is trained and tuned: input, the loop, callbacks, precision, divergence."""
