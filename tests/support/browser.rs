//! A browser without a screen. It keeps cookies and sends the token of the form that it saw last.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

/// An answer.
#[derive(Debug, Clone)]
pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Page {
    pub fn location(&self) -> &str {
        self.headers.get(LOCATION).map_or("", |value| value.to_str().expect("a location"))
    }

    /// Returns the heading that a person reads first.
    pub fn heading(&self) -> &str {
        between(&self.body, "<h1", "</h1>")
            .and_then(|tag| tag.split_once('>'))
            .map_or("", |(_, text)| text.trim())
    }

    pub fn title(&self) -> &str {
        between(&self.body, "<title>", "</title>").unwrap_or_default()
    }

    pub fn shows(&self, text: &str) -> bool {
        self.text().contains(text)
    }

    /// Returns the page's text without tags.
    pub fn text(&self) -> String {
        let body = self.body.split_once("<body").map_or(self.body.as_str(), |(_, body)| body);
        let mut text = String::new();
        let mut inside = true;
        for c in body.chars() {
            match c {
                '<' => inside = true,
                '>' => inside = false,
                c if !inside => text.push(c),
                _ => {}
            }
        }
        let words: Vec<_> = text.split_whitespace().collect();
        words.join(" ").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    }

    /// Returns the cells of each row in the table's body and foot, without the headings of groups.
    pub fn table(&self) -> Vec<Vec<String>> {
        let cells = |row: &str| {
            row.split(['<'])
                .filter(|part| part.starts_with("td") || part.starts_with("th"))
                .map(|part| part.split_once('>').map_or("", |(_, text)| text).trim().to_owned())
                .collect()
        };
        let body = self.body.split_once("<tbody").map_or("", |(_, body)| body);
        let rows = body.split("<tr").skip(1).filter(|row| !row.starts_with(" class=\"group\""));
        rows.map(cells).collect()
    }

    fn csrf(&self) -> Option<String> {
        let field = between(&self.body, "name=\"csrf\" value=\"", "\"")?;
        Some(field.to_owned())
    }
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found)
}

/// One browser on one union's host.
#[derive(Clone)]
pub struct Browser {
    router: Router,
    pub host: String,
    pub cookies: BTreeMap<String, String>,
    pub csrf: String,
    /// Headers sent with every request.
    pub headers: Vec<(&'static str, String)>,
}

impl Browser {
    pub fn new(router: Router, host: &str) -> Self {
        let headers = vec![
            ("sec-fetch-site", "same-origin".to_owned()),
            ("accept", "text/html,application/xhtml+xml,*/*;q=0.8".to_owned()),
        ];
        Self {
            router,
            host: host.to_owned(),
            cookies: BTreeMap::new(),
            csrf: String::new(),
            headers,
        }
    }

    /// Signs out, through the page that asks first.
    pub async fn sign_out(&mut self) -> Page {
        self.get("/sign-out").await;
        self.post("/sign-out", &[]).await
    }

    /// Returns the browser after its window was closed: only persistent cookies are left.
    pub fn reopened(&self) -> Self {
        let mut reopened = self.clone();
        reopened.cookies.retain(|name, _| name == "__Host-kosmo-browser");
        reopened
    }

    pub async fn get(&mut self, path: &str) -> Page {
        self.request(Method::GET, path, String::new()).await
    }

    /// Sends a form and follows its answer, as browsers do. The token is that of the page seen last.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = self.csrf.clone();
        let all = fields.iter().copied().chain([("csrf", csrf.as_str())]);
        let body = serde_urlencoded::to_string(all.collect::<Vec<_>>()).expect("a form");
        let page = self.request(Method::POST, path, body).await;
        if page.location().contains("answer=") {
            let answer = page.location().to_owned();
            return self.get(&answer).await;
        }
        page
    }

    /// Follows an answer's redirects.
    pub async fn follow(&mut self, page: Page) -> Page {
        let mut page = page;
        for _ in 0..5 {
            if !page.status.is_redirection() {
                return page;
            }
            let next = page.location().to_owned();
            page = self.get(&next).await;
        }
        panic!("too many redirects, the last to {}", page.location());
    }

    pub async fn request(&mut self, method: Method, path: &str, body: String) -> Page {
        let cookies: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = Request::builder().method(method).uri(path).header(HOST, &self.host);
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let request = request
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        let page = Page {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        };
        self.keep_cookies(&page);
        if let Some(csrf) = page.csrf() {
            self.csrf = csrf;
        }
        page
    }

    fn keep_cookies(&mut self, page: &Page) {
        for cookie in page.headers.get_all(SET_COOKIE) {
            let text = cookie.to_str().expect("a cookie");
            let (pair, attributes) = text.split_once(';').unwrap_or((text, ""));
            let (name, value) = pair.split_once('=').expect("a name and a value");
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}
