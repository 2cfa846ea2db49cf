//! Which requests may carry the token: an exact comparison of origins on the URL that the browser
//! has normalised.

/// The listed origins, each as `URL.origin` gives it: scheme, host and port, no trailing slash.
#[derive(Default)]
pub struct Origins(Vec<Vec<u8>>);

impl Origins {
    /// Lists one more. What is no http(s) origin is left out.
    pub fn add(&mut self, origin: Vec<u8>) {
        if is_web_origin(&origin) {
            self.0.push(origin);
        }
    }

    /// Whether the token may go to `url`, which must be `Request.url` or `Response.url`: serialised
    /// by the browser (lower-case scheme and host, punycode, no default port, no user info, a slash
    /// after the host).
    #[must_use]
    pub fn allow(&self, url: &[u8]) -> bool {
        self.0.iter().any(|origin| url.starts_with(origin) && url.get(origin.len()) == Some(&b'/'))
    }
}

/// `https://` or `http://`, then a host and perhaps a port. Characters that URL readers take in
/// different ways are refused.
fn is_web_origin(origin: &[u8]) -> bool {
    let odd = |byte: &&u8| matches!(byte, b'/' | b'\\' | b'@' | b'?' | b'#' | b'*');
    // Two slashes belong to the scheme. The last of them does not end it: there is a host.
    (origin.starts_with(b"https://") || origin.starts_with(b"http://"))
        && origin.iter().filter(odd).count() == 2
        && !origin.ends_with(b"/")
}

#[cfg(all(test, not(target_arch = "wasm32")))]
#[expect(non_snake_case, reason = "tests bear the ids of behaviours")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn listing(entries: &[&str]) -> Origins {
        let mut origins = Origins::default();
        for &entry in entries {
            origins.add(entry.into());
        }
        origins
    }

    fn origins() -> Origins {
        listing(&["https://api.example.com", "http://localhost:8080"])
    }

    #[test]
    fn client_E41_the_whole_origin_must_be_equal() {
        assert!(origins().allow(b"https://api.example.com/"));
        assert!(origins().allow(b"https://api.example.com/a?b=https://evil.test/"));
        assert!(origins().allow(b"http://localhost:8080/x"));
    }

    #[test]
    fn client_E42_look_alikes_get_no_token() {
        for url in [
            "https://api.example.com.evil.test/",
            "https://api.example.com@evil.test/",
            "https://evil.test/api.example.com",
            "https://api.example.com:8443/",
            "https://api.example.com",
            "https://api.example.com./",
            "https://xapi.example.com/",
            "https://example.com/",
            "blob:https://api.example.com/4b1d",
            "data:text/plain,x",
            "//api.example.com/",
            "",
            "http://localhost/",
            "http://localhost:80801/",
            "HTTPS://API.EXAMPLE.COM/",
            "https://api.example.com\\@evil.test/",
        ] {
            assert!(!origins().allow(url.as_bytes()), "{url}");
        }
    }

    #[test]
    fn client_E43_the_http_twin_gets_no_token() {
        assert!(!origins().allow(b"http://api.example.com/"));
        assert!(!origins().allow(b"https://localhost:8080/"));
    }

    #[test]
    fn an_entry_that_is_no_origin_matches_nothing() {
        for entry in [
            "",
            "https://",
            "*",
            "https://*",
            "file://",
            "null",
            "https://a/",
            "https://a@b",
            "https://a/b",
        ] {
            assert!(!listing(&[entry]).allow(format!("{entry}/").as_bytes()), "{entry}");
        }
    }

    proptest! {
        #[test]
        fn nothing_but_a_slash_may_follow_the_origin(rest in "[^/].*") {
            let url = format!("https://api.example.com{rest}");
            prop_assert!(!origins().allow(url.as_bytes()));
        }
    }
}
