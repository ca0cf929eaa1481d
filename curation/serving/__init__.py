"""One door to every model: the Open Inference Protocol, in this process or over HTTP."""
