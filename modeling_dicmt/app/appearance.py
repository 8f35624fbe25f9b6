"""How the page looks: the colours and lines of the pages of records, in Gradio's theme and style sheet."""

from importlib.resources import files
from types import ModuleType
from typing import Any

from ..pages.page import stylesheet

FONTS = ["system-ui", "-apple-system", "Segoe UI", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei"]
FONTS += ["Noto Sans CJK SC", "Noto Sans SC", "sans-serif"]


def style() -> str:
    """The page's style sheet: that of the pages of records, and what Gradio adds."""
    return stylesheet() + files(__package__).joinpath("app.css").read_text(encoding="utf-8")


def theme(gradio: ModuleType) -> Any:
    """The page's theme: the colours of `page.css` and fonts that every machine has, so that none is fetched."""
    calm = gradio.themes.Base(
        primary_hue=gradio.themes.colors.blue,
        neutral_hue=gradio.themes.colors.slate,
        radius_size=gradio.themes.sizes.radius_md,
        font=FONTS,
        font_mono=["ui-monospace", "monospace"],
    )
    both = {
        "body_background_fill": ("#fbfbfa", "#101418"),
        "body_text_color": ("#1b2127", "#e3e7eb"),
        "body_text_color_subdued": ("#5b6570", "#9aa5b1"),
        "background_fill_primary": ("#ffffff", "#171c21"),
        "background_fill_secondary": ("#fbfbfa", "#101418"),
        "block_background_fill": ("#ffffff", "#171c21"),
        "block_border_color": ("#e2e5e9", "#2b323a"),
        "border_color_primary": ("#e2e5e9", "#2b323a"),
        "block_info_text_color": ("#5b6570", "#9aa5b1"),
        "block_label_text_color": ("#5b6570", "#9aa5b1"),
        "block_title_text_color": ("#1b2127", "#e3e7eb"),
        "input_background_fill": ("#ffffff", "#171c21"),
        "input_border_color": ("#d3d8de", "#36404a"),
        "input_placeholder_color": ("#6b7580", "#8894a0"),
        "button_primary_background_fill": ("#005a9e", "#7cc0ff"),
        "button_primary_background_fill_hover": ("#004a83", "#9bd0ff"),
        "button_primary_text_color": ("#ffffff", "#0b1620"),
        "button_secondary_background_fill": ("#ffffff", "#171c21"),
        "button_secondary_background_fill_hover": ("#f1f4f7", "#202830"),
        "button_secondary_border_color": ("#d3d8de", "#36404a"),
        "button_secondary_text_color": ("#1b2127", "#e3e7eb"),
        "checkbox_label_background_fill": ("#ffffff", "#171c21"),
        "checkbox_label_background_fill_selected": ("#e8f1f9", "#1c2c3a"),
        "checkbox_background_color_selected": ("#005a9e", "#3f8fd0"),
        "checkbox_border_color_selected": ("#005a9e", "#3f8fd0"),
        "checkbox_label_text_color_selected": ("#1b2127", "#e3e7eb"),
        "slider_color": ("#005a9e", "#7cc0ff"),
        "color_accent": ("#005a9e", "#7cc0ff"),
    }
    one = {
        "block_shadow": "none",
        "button_border_width": "1px",
        "block_label_background_fill": "transparent",
        "checkbox_label_shadow": "none",
    }
    light = {name: colors[0] for name, colors in both.items() if name != "color_accent"}
    dark = {f"{name}_dark": colors[1] for name, colors in both.items() if name != "color_accent"}
    return calm.set(**light, **dark, color_accent=both["color_accent"][0], **one)
