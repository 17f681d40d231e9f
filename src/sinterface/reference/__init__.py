"""Reference labels: calculators, sampling, and labelling that resumes."""
