"""The embedded pool: real small programs of different skill and price, and tasks whose answers can be checked.

``tasks`` makes seeded tasks, ``programs`` holds the agents' programs by name, ``evaluator`` checks final answers, and
``platform/workbench.yaml`` prices the programs and arranges them in four stages: understand, solve, check, answer.
"""
