"""Learned policies and simple rules under the same strict budgets, on the same logs: who solves more for the money?"""
