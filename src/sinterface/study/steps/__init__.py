"""What the stages of a study do, one small function a step."""
