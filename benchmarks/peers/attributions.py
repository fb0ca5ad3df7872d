"""Each attribution method as captum 0.9 computes it, with the settings of the methods of the same name here.

`rows` is about how many images one pass of the network holds: captum's batch options are set by it, or, where it has
none, images are given in groups. Noise and coalitions are captum's own draws, equal in number. RISE, which captum lacks,
is written out in the same spirit.
"""

import torch
from captum import attr
from captum._utils.models.linear_model import SkLearnRidge
from captum.attr._core.lime import get_exp_kernel_similarity_function
from captum.attr._utils import lrp_rules
from torch.nn import functional


def grid(shape, side):
    """Squares of side x side pixels over all channels, from the upper left."""
    channels, height, width = shape
    columns = -(-width // side)
    rows = torch.arange(height)[:, None] // side * columns + torch.arange(width)[None, :] // side
    return rows.expand(1, channels, height, width).clone()


def in_groups(x, size, run):
    """`run` on groups of at most `size` images (given as slices), for methods without an option of their own."""
    slices = [slice(first, first + size) for first in range(0, len(x), size)]
    return torch.cat([run(part) for part in slices])


def noise_tunnel(kind):
    def run(model, x, target, rows, settings, _):
        return attr.NoiseTunnel(attr.Saliency(model)).attribute(
            x,
            nt_type=kind,
            nt_samples=settings["samples"],
            nt_samples_batch_size=min(settings["samples"], max(1, rows // len(x))),
            stdevs=settings["sigma"],
            target=target,
            abs=False,
        )

    return run


def integrated_gradients(model, x, target, rows, settings, _):
    return attr.IntegratedGradients(model).attribute(
        x, target=target, n_steps=settings["steps"], method="gausslegendre", internal_batch_size=max(rows, len(x))
    )


def expected_gradients(model, x, target, rows, settings, references):
    run = lambda part: attr.GradientShap(model).attribute(
        x[part], references, target=target[part], n_samples=settings["samples"]
    )
    return in_groups(x, max(1, rows // settings["samples"]), run)


def deep_shap(model, x, target, rows, _, references):
    references = references[:16]
    run = lambda part: attr.DeepLiftShap(model).attribute(x[part], references, target=target[part])
    return in_groups(x, max(1, rows // len(references)), run)


def lrp(rule):
    def run(model, x, target, rows, settings, _):
        for module in model.modules():
            if isinstance(module, (torch.nn.Linear, torch.nn.Conv2d)):
                module.rule = rule(settings)
        try:
            return attr.LRP(model).attribute(x, target=target)
        finally:
            for module in model.modules():
                if hasattr(module, "rule"):
                    del module.rule

    return run


def occlusion(model, x, target, rows, settings, _):
    channels, window, stride = x.shape[1], settings["window"], settings["stride"]
    return attr.Occlusion(model).attribute(
        x,
        target=target,
        sliding_window_shapes=(channels, window, window),
        strides=(channels, stride, stride),
        perturbations_per_eval=max(1, rows // len(x)),
    )


def feature_ablation(model, x, target, rows, settings, _):
    return attr.FeatureAblation(model).attribute(
        x,
        target=target,
        feature_mask=grid(x.shape[1:], settings["segmentSize"]),
        perturbations_per_eval=max(1, rows // len(x)),
    )


def feature_permutation(model, x, target, rows, settings, _):
    """As often as there are samples: captum mixes the images of the batch, one order a call."""
    method, features = attr.FeaturePermutation(model), grid(x.shape[1:], settings["segmentSize"])
    per_pass = max(1, rows // len(x))
    runs = [
        method.attribute(x, target=target, feature_mask=features, perturbations_per_eval=per_pass)
        for _ in range(settings["samples"])
    ]
    return torch.stack(runs).mean(0)


def shapley_value_sampling(model, x, target, rows, settings, _):
    return attr.ShapleyValueSampling(model).attribute(
        x,
        target=target,
        feature_mask=grid(x.shape[1:], settings["segmentSize"]),
        n_samples=settings["samples"],
        perturbations_per_eval=max(1, rows // len(x)),
    )


def kernel_shap(model, x, target, rows, settings, _):
    return attr.KernelShap(model).attribute(
        x,
        target=target,
        feature_mask=grid(x.shape[1:], settings["segmentSize"]),
        n_samples=settings["samples"],
        perturbations_per_eval=rows,
    )


def lime(model, x, target, rows, settings, _):
    probability = lambda images: functional.softmax(model(images), 1)
    method = attr.Lime(
        probability,
        interpretable_model=SkLearnRidge(alpha=settings["ridge"]),
        similarity_func=get_exp_kernel_similarity_function("cosine", settings["width"]),
    )
    return method.attribute(
        x,
        target=target,
        feature_mask=grid(x.shape[1:], settings["segmentSize"]),
        n_samples=settings["samples"],
        perturbations_per_eval=rows,
    )


@torch.no_grad()
def rise(model, x, target, rows, settings, _):
    """Masks drawn for each image anew, made and scored in blocks of `rows`."""
    samples, cells, p = settings["samples"], settings["grid"], settings["p"]
    _, _, height, width = x.shape
    cell_height, cell_width = -(-height // cells), -(-width // cells)
    maps = torch.empty(len(x), height, width)
    for i, (image, explained) in enumerate(zip(x, target)):
        total = torch.zeros(height * width)
        for first in range(0, samples, rows):
            count = min(rows, samples - first)
            coins = (torch.rand(count, 1, cells, cells) < p).float()
            size = ((cells + 1) * cell_height, (cells + 1) * cell_width)
            large = functional.interpolate(coins, size, mode="bilinear", align_corners=False)[:, 0]
            top = torch.randint(cell_height, (count, 1)) + torch.arange(height)
            left = torch.randint(cell_width, (count, 1)) + torch.arange(width)
            masks = large[torch.arange(count)[:, None, None], top[:, :, None], left[:, None, :]]
            scores = functional.softmax(model(image * masks[:, None]), 1)[:, explained]
            total += scores @ masks.flatten(1)
        maps[i] = total.reshape(height, width) / (p * samples)
    return maps[:, None]


def grad_cam(model, x, target, rows, *_):
    cam = attr.LayerGradCam(model, model.last_spatial).attribute(x, target=target, relu_attributions=True)
    return attr.LayerAttribution.interpolate(cam, x.shape[2:], interpolate_mode="bilinear")


METHODS = {
    "input-gradient": lambda model, x, target, *_: attr.Saliency(model).attribute(x, target=target, abs=False),
    "input-x-gradient": lambda model, x, target, *_: attr.InputXGradient(model).attribute(x, target=target),
    "integrated-gradients": integrated_gradients,
    "expected-gradients": expected_gradients,
    "smooth-grad": noise_tunnel("smoothgrad"),
    "smooth-grad-squared": noise_tunnel("smoothgrad_sq"),
    "var-grad": noise_tunnel("vargrad"),
    "guided-backprop": lambda model, x, target, *_: attr.GuidedBackprop(model).attribute(x, target=target),
    "deconvolution": lambda model, x, target, *_: attr.Deconvolution(model).attribute(x, target=target),
    "lrp-epsilon": lrp(lambda settings: lrp_rules.EpsilonRule(settings["epsilon"])),
    "lrp-gamma": lrp(lambda settings: lrp_rules.GammaRule(settings["gamma"])),
    "lrp-alpha-beta": lrp(lambda settings: lrp_rules.Alpha1_Beta0_Rule()),
    "deep-lift": lambda model, x, target, *_: attr.DeepLift(model).attribute(x, target=target),
    "deep-shap": deep_shap,
    "grad-cam": grad_cam,
    "guided-grad-cam": lambda model, x, target, *_: attr.GuidedGradCam(model, model.last_spatial).attribute(
        x, target=target, interpolate_mode="bilinear"
    ),
    "occlusion": occlusion,
    "feature-ablation": feature_ablation,
    "feature-permutation": feature_permutation,
    "shapley-value-sampling": shapley_value_sampling,
    "kernel-shap": kernel_shap,
    "lime": lime,
    "rise": rise,
}

# Methods that change batch normalisation into what it does to the layer before it.
FOLDED = {"lrp-epsilon", "lrp-gamma", "lrp-alpha-beta"}
