//! From the one colour an owner chose to every role it plays, in light and dark (design tokens §1.2).
//!
//! Contrast is WCAG 2 on the rounded hex that ships, so what is proved here is what is seen.

use std::fmt::{self, Write as _};

/// An sRGB colour as it ships.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

/// The owner's colour when none was given: Bottle.
pub const DEFAULT: Rgb = Rgb(0x22, 0x57, 0x43);
/// Text on dark fills.
pub const WHITE: Rgb = Rgb(255, 255, 255);
/// Text on light fills, both themes.
pub const INK_FIX: Rgb = Rgb(0x1e, 0x18, 0x14);

/// A surface's ground colours, against which inks are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Theme {
    Light,
    Dark,
}

/// The roles of the site's colour in one theme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles {
    /// Own bubble, primary button, launcher.
    pub brand: Rgb,
    /// Text on `brand`.
    pub on_brand: Rgb,
    /// `brand` under the pointer.
    pub hover: Rgb,
    /// `brand` pressed.
    pub press: Rgb,
    /// Home header, selected row.
    pub wash: Rgb,
    /// Hover of the wash.
    pub wash_2: Rgb,
    /// Links, text buttons, focus ring.
    pub ink: Rgb,
    /// Inner border of brand fills that would vanish on paper; `None`: none needed.
    pub edge: Option<Rgb>,
}

/// The roles in both themes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Palette {
    /// On light paper.
    pub light: Roles,
    /// By lamplight.
    pub dark: Roles,
}

impl Palette {
    /// Derives all roles from the owner's colour.
    pub fn derive(site: Rgb) -> Self {
        Self { light: derive(site, Theme::Light), dark: derive(site, Theme::Dark) }
    }

    /// As [`Palette::derive`], from `#rrggbb`; the default colour for anything else.
    pub fn of(hex: &str) -> Self {
        Self::derive(Rgb::parse(hex).unwrap_or(DEFAULT))
    }

    /// The roles as custom properties, for a style element: both themes in one declaration each.
    pub fn css(&self) -> String {
        let (light, dark) = (&self.light, &self.dark);
        let mut css = String::from(":root{");
        let mut role = |name: &str, light: &dyn fmt::Display, dark: &dyn fmt::Display| {
            write!(css, "--{name}:light-dark({light},{dark});").expect("writing to a string does not fail");
        };
        role("brand", &light.brand, &dark.brand);
        role("on-brand", &light.on_brand, &dark.on_brand);
        role("brand-hover", &light.hover, &dark.hover);
        role("brand-press", &light.press, &dark.press);
        role("brand-wash", &light.wash, &dark.wash);
        role("brand-wash-2", &light.wash_2, &dark.wash_2);
        role("brand-ink", &light.ink, &dark.ink);
        role("brand-edge", &light.edge_css(), &dark.edge_css());
        css.push('}');
        css
    }
}

impl Roles {
    /// Brand, on-brand, hover, press and edge: what a button on a stranger's page is drawn with.
    pub fn five(&self) -> [String; 5] {
        [
            self.brand.to_string(),
            self.on_brand.to_string(),
            self.hover.to_string(),
            self.press.to_string(),
            self.edge_css(),
        ]
    }

    /// The edge as CSS: a colour, or `transparent`.
    pub fn edge_css(&self) -> String {
        self.edge.map_or_else(|| "transparent".to_owned(), |edge| edge.to_string())
    }
}

impl Rgb {
    /// Reads `#rrggbb`.
    pub fn parse(hex: &str) -> Option<Self> {
        let digits = hex.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
        let channel = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        Some(Self(channel(0)?, channel(2)?, channel(4)?))
    }

    fn linear(self) -> [f64; 3] {
        [self.0, self.1, self.2].map(|channel| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        })
    }

    fn luminance(self) -> f64 {
        let [r, g, b] = self.linear();
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }
}

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// WCAG 2 contrast of two colours, 1 to 21.
pub fn contrast(a: Rgb, b: Rgb) -> f64 {
    let (a, b) = (a.luminance() + 0.05, b.luminance() + 0.05);
    a.max(b) / a.min(b)
}

fn derive(site: Rgb, theme: Theme) -> Roles {
    let mut colour = Oklch::of(site);
    if colour.chroma < 0.006 {
        colour.chroma = 0.0; // a grey stays grey
    }
    match theme {
        Theme::Light => colour.lightness = colour.lightness.min(0.90), // near-white cannot vanish on paper
        Theme::Dark => {
            colour.lightness = colour.lightness.max(0.45); // navy and black are lifted, neon is calmed
            colour.chroma = colour.chroma.min(0.17);
        }
    }
    let mut brand = colour.fit();
    let on_brand = if contrast(brand, WHITE) >= 3.0 { WHITE } else { INK_FIX };
    if on_brand == WHITE {
        while contrast(brand, WHITE) < 4.5 {
            colour.lightness -= 0.005;
            brand = colour.fit();
        }
    }
    // States move away from the text's colour: contrast can only grow.
    let away = if on_brand == WHITE { -1.0 } else { 1.0 };
    let (wash, wash_2) = washes(colour, theme);
    Roles {
        brand,
        on_brand,
        hover: colour.with_lightness(colour.lightness + away * 0.035).fit(),
        press: colour.with_lightness(colour.lightness + away * 0.070).fit(),
        wash,
        wash_2,
        ink: ink(colour, theme, wash, wash_2),
        edge: edge(colour, brand, theme),
    }
}

fn washes(colour: Oklch, theme: Theme) -> (Rgb, Rgb) {
    let wash = |lightness, most| Oklch { lightness, chroma: colour.chroma.min(most), hue: colour.hue }.fit();
    match theme {
        Theme::Light => (wash(0.957, 0.018), wash(0.925, 0.034)),
        Theme::Dark => (wash(0.268, 0.026), wash(0.315, 0.038)),
    }
}

/// The site's colour as text: moved until it reads on every ground it may stand on.
fn ink(colour: Oklch, theme: Theme, wash: Rgb, wash_2: Rgb) -> Rgb {
    let (mut ink, step) = match theme {
        Theme::Light => (colour.with_lightness(colour.lightness.min(0.56)), -0.005),
        Theme::Dark => {
            let calm = Oklch { chroma: colour.chroma.min(0.13), ..colour };
            (calm.with_lightness(colour.lightness.max(0.68)), 0.005)
        }
    };
    let grounds = [theme.papers().as_slice(), &[wash, wash_2]].concat();
    loop {
        let text = ink.fit();
        if grounds.iter().all(|ground| contrast(text, *ground) >= 4.5) || !(0.0..=1.0).contains(&ink.lightness) {
            return text;
        }
        ink.lightness += step;
    }
}

fn edge(colour: Oklch, brand: Rgb, theme: Theme) -> Option<Rgb> {
    let [paper_0, ..] = theme.papers();
    let by = match theme {
        Theme::Light => -0.12,
        Theme::Dark => 0.12,
    };
    (contrast(brand, paper_0) < 1.5).then(|| colour.with_lightness(colour.lightness + by).fit())
}

impl Theme {
    /// `paper-0`, `paper-1` and `paper-2`.
    const fn papers(self) -> [Rgb; 3] {
        match self {
            Self::Light => [Rgb(0xfe, 0xfd, 0xfa), Rgb(0xf9, 0xf6, 0xf1), Rgb(0xf1, 0xee, 0xe7)],
            Self::Dark => [Rgb(0x1b, 0x18, 0x15), Rgb(0x14, 0x11, 0x0e), Rgb(0x2c, 0x28, 0x23)],
        }
    }
}

/// A colour by lightness 0–1, chroma and hue in radians (Ottosson's `OKLab`).
#[derive(Debug, Clone, Copy)]
struct Oklch {
    lightness: f64,
    chroma: f64,
    hue: f64,
}

impl Oklch {
    #[expect(clippy::many_single_char_names, reason = "the names of the colour space")]
    fn of(colour: Rgb) -> Self {
        let [r, g, b] = colour.linear();
        let l = (0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b).cbrt();
        let m = (0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b).cbrt();
        let s = (0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b).cbrt();
        let lightness = 0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s;
        let a = 1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s;
        let b = 0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s;
        Self { lightness, chroma: a.hypot(b), hue: b.atan2(a) }
    }

    const fn with_lightness(self, lightness: f64) -> Self {
        Self { lightness, ..self }
    }

    #[expect(clippy::many_single_char_names, reason = "the names of the colour space")]
    fn linear(self) -> [f64; 3] {
        let (a, b) = (self.chroma * self.hue.cos(), self.chroma * self.hue.sin());
        let l = (self.lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
        let m = (self.lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
        let s = (self.lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
        [
            4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s,
            -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s,
            -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s,
        ]
    }

    /// The nearest colour of this lightness and hue that a screen can show: chroma gives way.
    fn fit(self) -> Rgb {
        let mut colour = self;
        loop {
            let linear = colour.linear();
            if colour.chroma <= 0.0 || linear.iter().all(|value| (-TOLERANCE..=1.0 + TOLERANCE).contains(value)) {
                let [r, g, b] = linear.map(encode);
                return Rgb(r, g, b);
            }
            colour.chroma = (colour.chroma - 0.002).max(0.0);
        }
    }
}

/// Rounding of the conversion itself; below half a step of a channel.
const TOLERANCE: f64 = 0.000_1;

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded and clamped to 0–255")]
fn encode(linear: f64) -> u8 {
    let value = linear.clamp(0.0, 1.0);
    let encoded = if value <= 0.003_130_8 { value * 12.92 } else { 1.055 * value.powf(1.0 / 2.4) - 0.055 };
    (encoded * 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Site colour, then brand, on-brand, ink and wash in light and in dark: the table of tokens §1.2.
    const EXAMPLES: &str = "
        #225743  #225743 #ffffff #225743 #e6f5ee  #2d614c #ffffff #70a68f #1a2a23
        #ffd400  #ffd400 #1e1814 #7a6400 #f5f1e4  #fdd530 #1e1814 #f4d66c #2a2617
        #0b1b3b  #0b1b3b #ffffff #0b1b3b #eaf1fd  #41557a #ffffff #849ac3 #1f2633
        #d92d20  #d92d20 #ffffff #ca180e #fdedea  #ca4638 #ffffff #e27b6c #32211f
        #ff6a00  #ff6a00 #1e1814 #ad4603 #fcede7  #f27637 #1e1814 #e18257 #31221b
        #00a3a3  #0a8383 #ffffff #067373 #e4f5f4  #0a8383 #ffffff #1fadad #162a2a
        #ffffff  #dedede #1e1814 #676767 #f1f1f1  #ffffff #1e1814 #ffffff #262626
        #000000  #000000 #ffffff #000000 #f1f1f1  #555555 #ffffff #989898 #262626";

    #[test]
    fn the_examples_of_the_design_come_out() {
        for line in EXAMPLES.lines().filter(|line| !line.trim().is_empty()) {
            let (site, expected) = line.trim().split_once(' ').unwrap();
            let palette = Palette::of(site);
            let of = |roles: &Roles| [roles.brand, roles.on_brand, roles.ink, roles.wash].map(|c| c.to_string());
            let derived = [of(&palette.light), of(&palette.dark)].concat();
            assert_eq!(derived, expected.split_whitespace().collect::<Vec<_>>(), "{site}");
        }
    }

    #[test]
    fn every_owner_colour_can_be_read() {
        for index in 0..4096_u16 {
            let channel = |shift: u16| u8::try_from((index >> shift) & 15).unwrap() * 17;
            let site = Rgb(channel(8), channel(4), channel(0));
            let Palette { light, dark } = Palette::derive(site);
            for (roles, theme) in [(light, Theme::Light), (dark, Theme::Dark)] {
                assert!(contrast(roles.brand, roles.on_brand) >= 4.5, "{site} on-brand, {theme:?}");
                assert!(contrast(roles.hover, roles.on_brand) >= 4.5, "{site} hover, {theme:?}");
                assert!(contrast(roles.press, roles.on_brand) >= 4.5, "{site} press, {theme:?}");
                for ground in [theme.papers().as_slice(), &[roles.wash, roles.wash_2]].concat() {
                    assert!(contrast(roles.ink, ground) >= 4.5, "{site} ink on {ground}, {theme:?}");
                }
            }
        }
    }

    #[test]
    fn the_style_sheet_starts_from_the_default() {
        let sheet = include_str!("../../static/css/tokens.css");
        let declared = |css: &str| css.replace([' ', '\n'], "").replace("#fff,#fff", "#ffffff,#ffffff");
        let css = Palette::derive(DEFAULT).css();
        for declaration in css[6..].split_terminator([';', '}']) {
            assert!(declared(sheet).contains(declaration), "tokens.css should say {css}");
        }
    }

    #[test]
    fn an_odd_colour_becomes_the_default() {
        for odd in ["", "#fff", "red", "#gggggg", "#22574é", "225743"] {
            assert_eq!(Palette::of(odd), Palette::derive(DEFAULT), "{odd}");
        }
    }

    #[test]
    fn pale_brands_get_an_edge() {
        assert!(Palette::of("#ffd400").light.edge.is_some());
        assert!(Palette::of("#225743").light.edge.is_none());
    }
}
