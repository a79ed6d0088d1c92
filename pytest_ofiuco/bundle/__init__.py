"""Resolution + sources → what is deployed: a zip, a layer."""
