//! A page is a struct beside its handler. This module fills in the page's template, and adds the parts that all pages have:
//! the union's look, the person's name, the form token.

use std::io::{self, Write};
use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use tera::{Context, Kwargs, State, Tera};

use super::assets::icon::{SIZES, icon_url};
use super::assets::{Assets, TemplateFiles, theme_url};
use super::error::WebError;
use crate::base::gaiji::{GETA, has_gaiji, is_gaiji};
use crate::tenant::directory::Tenant;
use crate::tenant::hosts::Door;
use crate::tenant::policy::brand::Colour;
use crate::tenant::policy::contact::ContactView;
use crate::tenant::policy::{
    Contact, FactorReset, FirstSignInFlow, Icon, Service, ServiceKind, TenantConfig,
};

/// A page. Its template reads the fields as `page`.
pub trait Page: Serialize {
    /// The path below `templates/`.
    const TEMPLATE: &'static str;
    /// Fields that a kept page (see [`super::form::answer`]) gets anew when it is shown, since they are too long for a cookie
    /// or valid for one try only.
    const FRESH: &'static [&'static str] = &[];
}

/// The parts of a page around its own content.
#[derive(Debug, Clone)]
pub struct Frame {
    pub tenant: Arc<Tenant>,
    /// The person who is signed in.
    pub person: Option<SignedInPerson>,
    /// The token that every form sends back.
    pub csrf: String,
    /// True if the person has a recovery code left and may use it.
    pub offers_recovery_code: bool,
    /// The result of the person's last action, shown at the top.
    pub said: Option<String>,
    /// The door whose page it is.
    pub door: Door,
}

impl Frame {
    /// Returns the frame of a page without a person and without forms. It needs no database.
    #[must_use]
    pub const fn anonymous(tenant: Arc<Tenant>, door: Door) -> Self {
        Self {
            tenant,
            person: None,
            csrf: String::new(),
            offers_recovery_code: false,
            said: None,
            door,
        }
    }
}

/// Returns the path of a service's first page, if the door has one.
pub type ServicePage = fn(ServiceKind) -> Option<&'static str>;

/// Most pages have less than this many bytes.
const MOST_PAGES: usize = 16 * 1024;

/// All templates, which are parsed once, and the files that they refer to.
#[derive(Debug)]
pub struct Pages {
    templates: Arc<Tera>,
    assets: Arc<Assets>,
    services: ServicePage,
}

impl Pages {
    /// Parses every template.
    ///
    /// # Errors
    /// A template is wrong.
    pub fn load(services: ServicePage) -> Result<Self, tera::Error> {
        let assets = Arc::new(Assets::load());
        let mut templates = Tera::new();
        templates.set_escape_fn(escape_html);
        let known = assets.clone();
        templates.register_function("asset", move |arguments: Kwargs, _: &State<'_>| {
            let name: String = arguments.must_get("name")?;
            known
                .url(&name)
                .map(str::to_owned)
                .ok_or_else(|| tera::Error::message(format!("no such asset: {name}")))
        });
        let files: Vec<(String, String)> = TemplateFiles::iter()
            .filter(|path| !path.starts_with("assets/") && !path.starts_with("pdf/"))
            .filter_map(|path| {
                let text = String::from_utf8(TemplateFiles::get(&path)?.data.into_owned()).ok()?;
                Some((path.into_owned(), text))
            })
            .collect();
        templates.add_raw_templates(files)?;
        Ok(Self { templates: Arc::new(templates), assets, services })
    }

    #[must_use]
    pub fn templates(&self) -> Arc<Tera> {
        self.templates.clone()
    }

    #[must_use]
    pub fn assets(&self) -> &Assets {
        &self.assets
    }

    /// Fills in a page.
    ///
    /// # Errors
    /// The template reads a field that the page doesn't have.
    pub fn render<P: Page>(
        &self,
        frame: &Frame,
        status: StatusCode,
        page: &P,
    ) -> Result<Response, WebError> {
        self.render_kept(frame, status, P::TEMPLATE, page)
    }

    /// Fills in a page whose fields and template's name were kept.
    ///
    /// # Errors
    /// As for [`Pages::render`].
    pub(super) fn render_kept(
        &self,
        frame: &Frame,
        status: StatusCode,
        template: &str,
        fields: &impl Serialize,
    ) -> Result<Response, WebError> {
        Ok((status, Html(self.fill(frame, template, fields)?)).into_response())
    }

    #[cfg(test)]
    pub(crate) fn html<P: Page>(&self, frame: &Frame, page: &P) -> Result<String, WebError> {
        let html = self.fill(frame, P::TEMPLATE, page)?;
        Ok(String::from_utf8(html).expect("pages are UTF-8"))
    }

    /// Renders a page. 〓 replaces characters that no font has, and a note says so.
    fn fill(
        &self,
        frame: &Frame,
        template: &str,
        page: &impl Serialize,
    ) -> Result<Vec<u8>, WebError> {
        let config = &frame.tenant.config;
        let mut context = Context::new();
        context.insert("union", &UnionView::of(config, self.services));
        context.insert("theme", &theme_url(config.brand.accent));
        context.insert("console", &(frame.door == Door::Console));
        context.insert("person", &frame.person);
        context.insert("csrf", &frame.csrf);
        context.insert("offers_recovery_code", &frame.offers_recovery_code);
        context.insert("said", &frame.said);
        context.insert("page", page);
        context.insert("gaiji", &false);
        let mut html = Vec::with_capacity(MOST_PAGES);
        self.templates.render_to(template, &context, &mut html)?;
        if !has_gaiji(&html) {
            return Ok(html);
        }
        context.insert("gaiji", &true);
        let html = self.templates.render(template, &context)?;
        Ok(html.replace(is_gaiji, GETA.encode_utf8(&mut [0; 4])).into_bytes())
    }

    /// Fills in a page that belongs to no union.
    pub fn render_plain<P: Page>(&self, page: &P) -> Result<Response, WebError> {
        let mut context = Context::new();
        context.insert("page", page);
        Ok(Html(self.templates.render(P::TEMPLATE, &context)?).into_response())
    }
}

/// Escapes text for HTML, like tera's own function, which writes byte by byte. A page has thousands of texts, and most need
/// no escaping.
fn escape_html(text: &str, out: &mut dyn Write) -> io::Result<()> {
    let bytes = text.as_bytes();
    let mut written = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let entity: &[u8] = match byte {
            b'&' => b"&amp;",
            b'<' => b"&lt;",
            b'>' => b"&gt;",
            b'"' => b"&quot;",
            b'\'' => b"&#39;",
            _ => continue,
        };
        out.write_all(&bytes[written..at])?;
        out.write_all(entity)?;
        written = at + 1;
    }
    out.write_all(&bytes[written..])
}

/// A person who is signed in, as every page shows them.
#[derive(Debug, Clone, Serialize)]
pub struct SignedInPerson {
    pub name: String,
    /// The day on which eligibility was lost, and the last day on which the portal is open (T12).
    pub lost_on: Option<String>,
    pub until: Option<String>,
    /// The rights of a staff member, by name, by which the menu shows its links.
    pub rights: Vec<String>,
}

/// A union as pages show it.
#[derive(Serialize)]
struct UnionView<'a> {
    name: &'a str,
    short_name: &'a str,
    logo_text: &'a str,
    accent: Colour,
    /// The icon for a phone's home screen.
    touch_icon: String,
    /// The union's word: ユーザID or ユーザーID.
    user_id: &'static str,
    /// True if the union's people know the words of the older flow (seed 004).
    older_way: bool,
    recovery_codes: bool,
    /// True if 「パスワードを忘れた方はこちら」 replaces lost devices (T11); otherwise staff do.
    lost_device_by_link: bool,
    /// The services in the top page and the menu (T10).
    services: Vec<ServiceTile<'a>>,
    contact: ContactBox<'a>,
}

/// A service as pages show it.
#[derive(Serialize)]
struct ServiceTile<'a> {
    label: &'a str,
    icon: Icon,
    /// `None` if the service has no page yet.
    path: Option<&'static str>,
}

#[derive(Serialize)]
struct ContactBox<'a> {
    #[serde(flatten)]
    contact: ContactView<'a>,
    /// The link that starts a mail to the union, with the items that the union asks for.
    mailto: Option<String>,
}

impl<'a> UnionView<'a> {
    fn of(config: &'a TenantConfig, page_of: ServicePage) -> Self {
        let tile = |service: &'a Service| ServiceTile {
            label: &service.label,
            icon: service.icon,
            path: page_of(service.kind),
        };
        let contact = &config.contact;
        Self {
            name: &config.name,
            short_name: &config.short_name,
            logo_text: &config.brand.logo_text,
            accent: config.brand.accent,
            touch_icon: icon_url(config.brand.accent, SIZES[0]),
            user_id: config.user_id_word(),
            older_way: config.first_sign_in.flow == FirstSignInFlow::SingleForm,
            recovery_codes: config.sign_in.offers_recovery_codes(),
            services: config.services.iter().map(tile).collect(),
            lost_device_by_link: config.lost_device.reset_by == FactorReset::ForgottenPassword,
            contact: ContactBox {
                contact: contact.into(),
                mailto: contact.mail.as_deref().map(|mail| mailto(mail, contact)),
            },
        }
    }
}

/// Returns a `mailto:` link (RFC 6068 §2) whose subject and body have the items that the union asks for (T7).
fn mailto(mail: &str, contact: &Contact) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let body: String = contact.required_items.iter().map(|item| format!("{item}：\r\n")).collect();
    let fields: Vec<String> = [("subject", contact.subject.as_deref()), ("body", Some(&body))]
        .into_iter()
        .filter_map(|(name, text)| Some((name, text.filter(|text| !text.is_empty())?)))
        .map(|(name, text)| format!("{name}={}", encoded(text)))
        .collect();
    let query = if fields.is_empty() { String::new() } else { format!("?{}", fields.join("&")) };
    format!("mailto:{mail}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_as_tera_does_it() {
        for text in ["", "薬局", "<", "a<b>&\"c\"'", "''薬局&&", "&lt;"] {
            let escaped = |escape: tera::EscapeFn| {
                let mut out = Vec::new();
                escape(text, &mut out).unwrap();
                String::from_utf8(out).unwrap()
            };
            assert_eq!(escaped(escape_html), escaped(tera::escape_html), "{text}");
        }
    }

    #[test]
    fn t7_a_letter_to_the_union_is_begun_with_what_it_asks_for() {
        let mut contact = Contact {
            text: "ご連絡ください。".into(),
            mail: Some("kenpo@example.jp".into()),
            form_url: None,
            phone: None,
            hours: None,
            subject: Some("お問合せ & more".into()),
            required_items: vec!["氏名".into(), "記号・番号".into()],
            note: None,
        };
        let letter = mailto("kenpo@example.jp", &contact);
        let (address, query) = letter.split_once('?').unwrap();
        assert_eq!(address, "mailto:kenpo@example.jp");
        assert!(query.is_ascii() && !query.contains('+') && !query.contains(' '), "{query}");
        let fields: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap();
        assert_eq!(fields[0], ("subject".into(), "お問合せ & more".into()));
        assert_eq!(fields[1], ("body".into(), "氏名：\r\n記号・番号：\r\n".into()));
        contact.subject = None;
        contact.required_items.clear();
        assert_eq!(mailto("kenpo@example.jp", &contact), "mailto:kenpo@example.jp");
    }
}
