"""``--ofiuco-html``: a session as one page that needs nothing else."""
