"""Training loops as PyTorch's users write them: SGD with momentum and weight decay, and the L2 adversary."""

import torch
from torch.nn import functional


def attack(model, images, labels, eps, steps):
    """Projected gradient ascent in the L2 ball, step eps / 4, no random start, images from 0 to 1."""
    norms = lambda batch: batch.flatten(1).norm(dim=1)[:, None, None, None]
    adversarial = images
    for _ in range(steps):
        at = adversarial.detach().requires_grad_()
        loss = functional.cross_entropy(model(at), labels, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, at)
        delta = adversarial - images + gradient * (eps / 4 / norms(gradient).clamp_min(1e-12))
        delta = delta * (eps / norms(delta).clamp_min(eps))
        adversarial = (images + delta).clamp(0, 1)
    return adversarial.detach()


def epoch(model, optimiser, images, labels, batch, adversary=None):
    """One pass over the images in a random order; loss and accuracy are summed without waiting for them."""
    model.train()
    loss_sum, right = torch.zeros(()), torch.zeros((), dtype=torch.long)
    for rows in torch.randperm(len(images)).split(batch):
        x, y = images[rows], labels[rows]
        if adversary is not None:
            x = attack(model, x, y, adversary["eps"], adversary["steps"])
        optimiser.zero_grad()
        logits = model(x)
        loss = functional.cross_entropy(logits, y)
        loss.backward()
        optimiser.step()
        loss_sum += loss.detach() * len(rows)
        right += (logits.argmax(1) == y).sum()
    return loss_sum.item() / len(images), right.item() / len(images)


def sgd(model, settings):
    return torch.optim.SGD(
        model.parameters(),
        lr=settings["learningRate"],
        momentum=settings["momentum"],
        weight_decay=settings["weightDecay"],
    )
