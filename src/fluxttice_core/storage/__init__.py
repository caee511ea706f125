"""Whatever goes into a file or comes out of one safely: writes, reads, tensors, models, exports."""
