"""Studies: a TOML file, its stages, and the runner that skips, resumes and records them."""
