"""What a person imports: workspace, experiment, run, model. Standard library only; the rest is reached when used."""
