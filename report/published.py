"""What the studies that the recipes follow have published, by recipe. Each figure is from its paper."""

from collections.abc import Mapping

from evidence.published import Published, PublishedSet

PUBLISHED: Mapping[str, Published] = {
    "hip_vit": Published(
        source="3,016 hips, Hefei; fine-tuned ViT, 8:2 split, then films from another hospital",
        network="vit",
        sets={
            "internal": PublishedSet(
                0.970,
                {
                    "osteoporosis": {"auc": 0.996, "ppv": 0.969, "npv": 0.979},
                    "osteopenia": {"auc": 0.994, "ppv": 0.941, "npv": 0.985},
                    "normal": {"auc": 0.999, "ppv": 1.000, "npv": 0.992},
                },
            ),
            "external": PublishedSet(
                0.894,
                {
                    "osteoporosis": {"auc": 0.965, "ppv": 0.835, "npv": 0.945},
                    "osteopenia": {"auc": 0.916, "ppv": 0.902, "npv": 0.913},
                    "normal": {"auc": 0.984, "ppv": 0.913, "npv": 0.964},
                },
            ),
        },
    ),
    "hip_bmd": Published(
        source="Gu et al., BMD-GAN (MICCAI 2022; Med. Image Anal. 2023): Pearson r .880 with DXA and .920 with QCT; "
        "Hsieh et al. 2021, 5,164 hips: r .92 and RMSE .062 g/cm² for the total hip",
        regions={"total_hip": {"r": ".880 (DXA), .920 (QCT); .92 (Hsieh)", "rmse": ".062 (Hsieh)"}},
        repeatability=" Published: RMS-CV 3.27 to 3.79 %.",
    ),
    "hip_regions": Published(
        source="Feng et al., Appl. Sci. 2024, 14, 133; IoU of 0.5 or more for U-Net and for U-Net++",
        network="densenet121_total_hip",
        sets={"internal": PublishedSet(0.74)},
    ),
    "spine_vertex": Published(
        source="VERTE-X, J. Bone Miner. Res. 2023; 38: 887, and 2025; 40: 628; on DXA-VFA after fine-tuning AUROC "
        ".924 (vertebral fracture) and .867 (osteoporosis)",
        auc={"vertebral_fracture": ".926 (.908 to .955)", "osteoporosis": ".848 (.827 to .869)"},
    ),
}
