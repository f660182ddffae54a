"""Icons, samples, examples, licences."""
