"""From a query's text to a problem: readers per family, from brittle canonical patterns to free wording.

A reader is a pure function of the text. It returns a problem (JSON-compatible, with ``family``, the family's own keys
and ``form``, the requested output form) or None when the text is not in the wording it knows.
"""
