"""Bandits judged on logs: by simulation where every outcome is known, by unbiased replay where choices were uniform."""
