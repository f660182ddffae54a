"""Published networks, drawn as a person would draw them."""

from engine.graph import Graph
from engine.layers.adaptive_average_pool2d import AdaptiveAveragePool2D
from engine.layers.batch_norm import BatchNorm
from engine.layers.conv2d import Conv2D
from engine.layers.dense import Dense
from engine.layers.dropout import Dropout
from engine.layers.flatten import Flatten
from engine.layers.global_average_pool2d import GlobalAveragePool2D
from engine.layers.input import Input
from engine.layers.inverted_residual import InvertedResidual
from engine.layers.max_pool2d import MaxPool2D
from engine.layers.output import Output
from engine.layers.relu import ReLU
from engine.layers.relu6 import ReLU6
from engine.layers.residual_block import ResidualBlock
from engine.layers.transformer_decoder_block import TransformerDecoderBlock
from engine.layers.transformer_encoder_block import TransformerEncoderBlock
from engine.layers.unet_step import UNetStep
from engine.losses.cross_entropy import CrossEntropy
from engine.losses.mean_squared_error import MeanSquaredError


class Pen:
    """Draws boxes one after the other."""

    def __init__(self, size):
        self.graph, self.last = Graph().add("in", Input(size=size)), "in"

    def draw(self, **boxes):
        """Draw named boxes in a row behind the last one; return the name of the last."""
        for name, layer in boxes.items():
            self.graph, self.last = self.graph.add(name, layer, self.last), name
        return self.last

    def finished(self, loss):
        return self.graph.add("out", Output(loss=loss), self.last)


def halving(filters, kernel):
    """A convolution that halves an image, with as many zeros on either side."""
    border = (kernel // 2, kernel // 2)
    return Conv2D(
        filters=filters, kernel=(kernel, kernel), stride=(2, 2), padding="explicit", border=border, use_bias=False
    )


def resnet_18():
    """He et al., 2016, table 1; 1,000 classes."""
    pen = Pen((3, 224, 224))
    pen.draw(conv1=halving(64, 7), bn1=BatchNorm(), relu1=ReLU())
    pen.draw(pool=MaxPool2D(kernel=(3, 3), stride=(2, 2), padding=(1, 1)))
    for stage, filters in enumerate((64, 128, 256, 512), 1):
        stride = 1 if stage == 1 else 2
        pen.draw(**{f"block{stage}a": ResidualBlock(filters=filters, stride=stride, padding="symmetric")})
        pen.draw(**{f"block{stage}b": ResidualBlock(filters=filters)})
    pen.draw(mean=GlobalAveragePool2D(), scores=Dense(units=1000))
    return pen.finished(CrossEntropy())


VGG_11 = (64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M")


def vgg_11():
    """Simonyan and Zisserman, 2015, table 1, column A; 1,000 classes."""
    pen = Pen((3, 224, 224))
    for number, filters in enumerate(VGG_11):
        if filters == "M":
            pen.draw(**{f"pool{number}": MaxPool2D()})
        else:
            pen.draw(**{f"conv{number}": Conv2D(filters=filters), f"relu{number}": ReLU()})
    pen.draw(mean=AdaptiveAveragePool2D(size=(7, 7)), flat=Flatten())
    pen.draw(fc1=Dense(units=4096), fc1_relu=ReLU(), fc1_drop=Dropout(rate=0.5))
    pen.draw(fc2=Dense(units=4096), fc2_relu=ReLU(), fc2_drop=Dropout(rate=0.5), scores=Dense(units=1000))
    return pen.finished(CrossEntropy())


MOBILE_NET = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)  # of each stage: expansion, filters, how many blocks, stride of the first


def mobile_net():
    """MobileNet-V2: Sandler et al., 2018, table 2; 1,000 classes."""
    pen = Pen((3, 224, 224))
    pen.draw(conv1=halving(32, 3), bn1=BatchNorm(), relu1=ReLU6())
    for stage, (expansion, filters, count, stride) in enumerate(MOBILE_NET):
        for number in range(count):
            step = stride if number == 0 else 1
            block = InvertedResidual(filters=filters, expansion=expansion, stride=step)
            pen.draw(**{f"block{stage}_{number}": block})
    pen.draw(conv2=Conv2D(filters=1280, kernel=(1, 1), use_bias=False), bn2=BatchNorm(), relu2=ReLU6())
    pen.draw(mean=GlobalAveragePool2D(), scores=Dense(units=1000))
    return pen.finished(CrossEntropy())


def u_net():
    """Ronneberger, Fischer and Brox, 2015, figure 1, with zeros around each convolution; small images, 2 classes."""
    pen, beside = Pen((1, 32, 32)), []
    for level, filters in enumerate((64, 128, 256, 512, 1024)):
        for number in "ab":
            pen.draw(**{f"down{level}{number}": Conv2D(filters=filters), f"relu{level}{number}": ReLU()})
        if level < 4:
            beside.append(pen.last)
            pen.draw(**{f"pool{level}": MaxPool2D()})
    for level, skip in reversed(list(enumerate(beside))):
        pen.graph = pen.graph.add(f"up{level}", UNetStep(filters=64 << level), pen.last, skip)
        pen.last = f"up{level}"
    pen.draw(scores=Conv2D(filters=2, kernel=(1, 1)))
    return pen.finished(MeanSquaredError())


def encoder():
    """Six layers that read: Vaswani et al., 2017, table 3, the base model; 10 steps."""
    pen = Pen((10, 512))
    pen.draw(**{f"layer{number}": TransformerEncoderBlock(heads=8, hidden=2048) for number in range(6)})
    return pen.finished(MeanSquaredError())


def decoder():
    """Six layers that write, each of which sees what was read: 9 steps of 512 features, and a memory of 7."""
    pen = Pen((9, 512))
    pen.graph = pen.graph.add("memory", Input(size=(7, 512)))
    for number in range(6):
        block = TransformerDecoderBlock(heads=8, hidden=2048, curve="relu")
        pen.graph = pen.graph.add(f"layer{number}", block, pen.last, "memory")
        pen.last = f"layer{number}"
    return pen.finished(MeanSquaredError())


NETWORKS = {
    "resnet_18": (resnet_18, 11_689_512),
    "vgg_11": (vgg_11, 132_863_336),
    "mobile_net": (mobile_net, 3_504_872),
    "u_net": (u_net, 31_030_658),
    "encoder": (encoder, 18_914_304),
    "decoder": (decoder, 25_224_192),
}  # how each is drawn, and how many weights it has as published
