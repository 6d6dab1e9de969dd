//! Names of devices, as their owners know them.

/// Each browser by a word that no other sends. The first match counts: Edge also sends `Chrome`.
const BROWSERS: [(&str, &str); 6] = [
    ("Edg", "Microsoft Edge"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
];

const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// Names a device by its `User-Agent` as a person would: 「Chrome（Windows）」.
#[must_use]
pub fn device(user_agent: Option<&str>) -> String {
    let text = user_agent.unwrap_or_default();
    let find = |known: &[(&str, &'static str)]| {
        known.iter().find(|(word, _)| text.contains(word)).map(|(_, name)| *name)
    };
    let safari = (text.contains("Safari") && text.contains("Version/")).then_some("Safari");
    match (find(&BROWSERS).or(safari), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser}（{system}）"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => "不明な端末".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s9_a_device_has_the_name_that_its_owner_knows() {
        for (user_agent, name) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                "Microsoft Edge（Windows）",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
                "Chrome（Android）",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari（iPhone）",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox（Mac）",
            ),
            ("<script>", "不明な端末"),
        ] {
            assert_eq!(device(Some(user_agent)), name);
        }
        assert_eq!(device(None), "不明な端末");
    }
}
