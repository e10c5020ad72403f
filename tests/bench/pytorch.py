"""F1 and C1 as a user of PyTorch would write and train them."""

import torch
from torch import nn


def epoch(network, dataset, size, cores):
    """Return a function that trains one epoch, or None for another network."""
    if network not in NETWORKS:
        return None
    torch.set_num_threads(cores)
    model = NETWORKS[network]()
    optimizer = torch.optim.Adam(model.parameters(), eps=1e-8)
    x, y = torch.from_numpy(dataset.x_train), torch.from_numpy(dataset.y_train).long()
    if x.ndim == 4:
        x = x.permute(0, 3, 1, 2).contiguous()
    loss_of = nn.CrossEntropyLoss()

    def run():
        correct, total = 0, 0.0
        model.train()
        for indices in torch.randperm(len(x)).split(size):
            optimizer.zero_grad(set_to_none=True)
            logits, labels = model(x[indices]), y[indices]
            loss = loss_of(logits, labels)
            loss.backward()
            optimizer.step()
            correct += int((logits.argmax(1) == labels).sum())
            total += float(loss) * len(indices)

    return run


def _f1():
    layers, width = [nn.Flatten()], 784
    for _ in range(5):
        layers += [nn.Linear(width, 512), nn.BatchNorm1d(512), nn.ReLU()]
        width = 512
    return nn.Sequential(*layers, nn.Linear(512, 10))


def _c1():
    def block(channels):
        pool = nn.MaxPool2d(3, stride=2, padding=1)
        same = nn.Conv2d(channels, 64, 5, padding=2)
        return [same, nn.BatchNorm2d(64), nn.ReLU(), pool]

    def dense(width, units):
        return [
            *(nn.Linear(width, units), nn.BatchNorm1d(units)),
            *(nn.ReLU(), nn.Dropout(0.5)),
        ]

    return nn.Sequential(
        *(*block(3), *block(64), nn.Flatten()),
        *(*dense(4096, 384), *dense(384, 192), nn.Linear(192, 10)),
    )


NETWORKS = {"F1": _f1, "C1": _c1}
