"""The same networks as a person would write them in PyTorch; boxes have the same names."""

import torch
from torch import nn

from tests.engine.published import MOBILE_NET, VGG_11


class Residual(nn.Module):
    def __init__(self, channels, filters, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, filters, 3, stride, 1, bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(filters), nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.shortcut = channels != filters
        if self.shortcut:
            self.conv3, self.bn3 = nn.Conv2d(channels, filters, 1, stride, bias=False), nn.BatchNorm2d(filters)

    def forward(self, x):
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        return (y + (self.bn3(self.conv3(x)) if self.shortcut else x)).relu()


class Inverted(nn.Module):
    def __init__(self, channels, filters, expansion, stride):
        super().__init__()
        middle = channels * expansion
        self.wide = expansion > 1
        if self.wide:
            self.conv1, self.bn1 = nn.Conv2d(channels, middle, 1, bias=False), nn.BatchNorm2d(middle)
        self.conv2 = nn.Conv2d(middle, middle, 3, stride, 1, groups=middle, bias=False)
        self.conv3 = nn.Conv2d(middle, filters, 1, bias=False)
        self.bn2, self.bn3 = nn.BatchNorm2d(middle), nn.BatchNorm2d(filters)
        self.shortcut = stride == 1 and channels == filters

    def forward(self, x):
        y = nn.functional.relu6(self.bn1(self.conv1(x))) if self.wide else x
        y = self.bn3(self.conv3(nn.functional.relu6(self.bn2(self.conv2(y)))))
        return x + y if self.shortcut else y


class Up(nn.Module):
    def __init__(self, channels, filters):
        super().__init__()
        self.up = nn.ConvTranspose2d(channels, filters, 2, 2)
        self.conv1 = nn.Conv2d(2 * filters, filters, 3, padding=1)
        self.conv2 = nn.Conv2d(filters, filters, 3, padding=1)

    def forward(self, x, skip):
        y = torch.cat((skip, self.up(x)), 1)
        return self.conv2(self.conv1(y).relu()).relu()


class Row(nn.Sequential):
    """Modules by name, one after the other."""

    def __init__(self, **modules):
        super().__init__()
        for name, module in modules.items():
            self.add_module(name, module)


def resnet_18():
    row = {"conv1": nn.Conv2d(3, 64, 7, 2, 3, bias=False), "bn1": nn.BatchNorm2d(64), "relu1": nn.ReLU()}
    row["pool"] = nn.MaxPool2d(3, 2, 1)
    for stage, (before, filters) in enumerate(((64, 64), (64, 128), (128, 256), (256, 512)), 1):
        row[f"block{stage}a"] = Residual(before, filters, 1 if stage == 1 else 2)
        row[f"block{stage}b"] = Residual(filters, filters, 1)
    return Row(**row, mean=nn.AdaptiveAvgPool2d(1), flat=nn.Flatten(), scores=nn.Linear(512, 1000))


def vgg_11():
    row, channels = {}, 3
    for number, filters in enumerate(VGG_11):
        if filters == "M":
            row[f"pool{number}"] = nn.MaxPool2d(2, 2)
        else:
            row |= {f"conv{number}": nn.Conv2d(channels, filters, 3, padding=1), f"relu{number}": nn.ReLU()}
            channels = filters
    row |= {"mean": nn.AdaptiveAvgPool2d(7), "flat": nn.Flatten()}
    row |= {"fc1": nn.Linear(512 * 49, 4096), "fc1_relu": nn.ReLU(), "fc1_drop": nn.Dropout()}
    row |= {"fc2": nn.Linear(4096, 4096), "fc2_relu": nn.ReLU(), "fc2_drop": nn.Dropout()}
    return Row(**row, scores=nn.Linear(4096, 1000))


def mobile_net():
    row = {"conv1": nn.Conv2d(3, 32, 3, 2, 1, bias=False), "bn1": nn.BatchNorm2d(32), "relu1": nn.ReLU6()}
    channels = 32
    for stage, (expansion, filters, count, stride) in enumerate(MOBILE_NET):
        for number in range(count):
            row[f"block{stage}_{number}"] = Inverted(channels, filters, expansion, stride if number == 0 else 1)
            channels = filters
    row |= {"conv2": nn.Conv2d(320, 1280, 1, bias=False), "bn2": nn.BatchNorm2d(1280), "relu2": nn.ReLU6()}
    return Row(**row, mean=nn.AdaptiveAvgPool2d(1), flat=nn.Flatten(), scores=nn.Linear(1280, 1000))


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        channels = 1
        for level in range(5):
            for number in "ab":
                self.add_module(f"down{level}{number}", nn.Conv2d(channels, 64 << level, 3, padding=1))
                channels = 64 << level
        for level in range(4):
            self.add_module(f"up{level}", Up(128 << level, 64 << level))
        self.scores = nn.Conv2d(64, 2, 1)

    def forward(self, x):
        beside = []
        for level in range(5):
            for number in "ab":
                x = getattr(self, f"down{level}{number}")(x).relu()
            if level < 4:
                beside.append(x)
                x = nn.functional.max_pool2d(x, 2)
        for level in reversed(range(4)):
            x = getattr(self, f"up{level}")(x, beside[level])
        return self.scores(x)


def u_net():
    return UNet()


def encoder():
    made = {f"layer{n}": nn.TransformerEncoderLayer(512, 8, 2048, 0.0, "gelu", batch_first=True) for n in range(6)}
    return Row(**made)


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        for number in range(6):
            self.add_module(f"layer{number}", nn.TransformerDecoderLayer(512, 8, 2048, 0.0, batch_first=True))

    def forward(self, x, memory):
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        for layer in self.children():
            x = layer(x, memory, tgt_mask=mask)
        return x


def decoder():
    return Decoder()
