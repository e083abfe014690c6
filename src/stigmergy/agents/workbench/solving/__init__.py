"""From a problem to a value: one module per family, with weak and strong ways to solve it.

Every function takes the family's problem and returns a JSON-compatible value; it raises ValueError, ArithmeticError
or LookupError when it cannot do the work.
"""
