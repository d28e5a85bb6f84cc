"""The run folder, the only wire between a job and its workspace: readers and writers, standard library only."""
