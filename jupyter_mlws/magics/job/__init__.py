"""Inside the job: a notebook's cell is restored, executed and recorded as a notebook would."""
