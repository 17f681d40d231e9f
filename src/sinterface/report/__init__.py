"""The report of a study: figures, words, a rotatable view, one page."""
