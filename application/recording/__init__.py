"""The doors that write down what happens behind them: recorded here, once, and in no use case.

What changed goes into the space's log in the same transaction. A refusal goes into the log of the person who was
refused, in a transaction of its own, since the one that was refused is rolled back.
"""
