"""The PyTorch expression of one box, evaluated with our weights."""


def evaluate(expression, arrived, weights, training=False):
    """Return what the expression gives for tensors by port, and the modules made on the way."""
    import torch

    modules = Modules(torch, weights, training)
    names = {"torch": torch, "F": torch.nn.functional, "nn": modules, "x": tuple(arrived.values())} | arrived
    found = eval(expression, names)
    return (found(*arrived.values()) if callable(found) else found), modules.made


class Modules:
    """`torch.nn`, whose modules take over weights, without a copy, as they are made."""

    def __init__(self, torch, weights, training):
        self.torch, self.weights, self.training, self.made = torch, weights, training, []

    def __getattr__(self, name):
        def make(*args, **kwargs):
            with self.torch.device("meta"):
                module = getattr(self.torch.nn, name)(*args, **kwargs).train(self.training)
            missing, unknown = module.load_state_dict(self.weights, strict=False, assign=True)
            assert unknown == []
            assert all("num_batches" in key for key in missing)
            self.made.append(module)
            return module

        return make
