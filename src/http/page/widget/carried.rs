//! What a message carries besides words, as the first page shows it. `static/shared/models/media.js` reads the same.

use serde::Deserialize;

use crate::{
    model::{FileId, Message, content::names, file::Link},
    view::Locale,
};

/// Longest side of a picture in the log, in CSS pixels.
const LARGEST: f64 = 240.0;

/// A picture or a file in a bubble.
pub(in crate::http) struct Carried {
    /// A picture; otherwise something to save.
    pub(in crate::http) image: bool,
    /// Where it is; empty when it lies elsewhere or nobody may see it any more.
    pub(in crate::http) url: String,
    /// What it is called; empty for pictures and sound without a name.
    pub(in crate::http) name: String,
    /// At most four letters of its ending.
    pub(in crate::http) ending: String,
    /// What it is when it has no name.
    kind: &'static str,
    /// Width and height of the box of a picture.
    pub(in crate::http) pixels: (u32, u32),
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Body {
    name: Option<String>,
    width: Option<f64>,
    height: Option<f64>,
}

impl Carried {
    /// What this message carries; links are those that its reader may use.
    pub(in crate::http) fn of(message: &Message, links: &[Link]) -> Option<Self> {
        let kind = match message.content.name.as_str() {
            names::IMAGE | names::GIF => "kind-image",
            names::VIDEO => "kind-video",
            names::VOICE | "RC:VcMsg" => "kind-voice",
            names::FILE => "kind-file",
            _ => return None,
        };
        let body: Body = message.content.view().unwrap_or_default();
        let named: Vec<FileId> = message.content.files();
        let link = links.iter().find(|link| named.contains(&link.file));
        let name = body.name.unwrap_or_default();
        let letters = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        let short = (1..=4).contains(&letters.chars().count()) && letters.chars().all(char::is_alphanumeric);
        Some(Self {
            image: kind == "kind-image",
            url: link.map(Link::address).unwrap_or_default(),
            ending: if short { letters.to_uppercase() } else { String::new() },
            kind,
            pixels: fit(body.width.zip(body.height)),
            name,
        })
    }

    /// What is read aloud and shown in lists.
    pub(in crate::http) fn words(&self, locale: &Locale) -> String {
        if self.kind == "kind-file" && !self.name.is_empty() { self.name.clone() } else { locale.get(self.kind) }
    }
}

/// The box that the browser makes, too: its own shape, neither too large nor too small.
fn fit(size: Option<(f64, f64)>) -> (u32, u32) {
    let Some((width, height)) = size.filter(|(width, height)| *width >= 1.0 && *height >= 1.0) else {
        return (200, 150);
    };
    let scale = (LARGEST / width).min(LARGEST / height).min(1.0);
    (whole((width * scale).round(), 88), whole((height * scale).round(), 64))
}

/// A side of the box: a whole number between its least and [`LARGEST`].
fn whole(side: f64, least: u32) -> u32 {
    (least..=240).rev().find(|whole| f64::from(*whole) <= side).unwrap_or(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_box_keeps_the_shape_within_its_limits() {
        assert_eq!(fit(Some((800.0, 600.0))), (240, 180));
        assert_eq!(fit(Some((30.0, 20.0))), (88, 64));
        assert_eq!(fit(Some((4000.0, 100.0))), (240, 64));
        assert_eq!(fit(None), (200, 150));
        assert_eq!(fit(Some((f64::NAN, 5.0))), (200, 150));
    }
}
