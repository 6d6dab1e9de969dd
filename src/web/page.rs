//! A page is a struct beside its handler. This module fills its template in and adds what every
//! page has: the union's look, the person's name, the form token.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use tera::{Context, Kwargs, State, Tera};

use super::assets::icon::{SIZES, icon_url};
use super::assets::{Assets, TemplateFiles, theme_url};
use super::error::WebError;
use crate::base::japanese::{GETA, has_gaiji, is_gaiji};
use crate::tenant::directory::Tenant;
use crate::tenant::policy::brand::Colour;
use crate::tenant::policy::contact::ContactView;
use crate::tenant::policy::{
    Contact, FactorReset, FirstSignInFlow, Icon, Service, ServiceKind, TenantConfig,
};

/// A page. Its template sees its fields as `page`.
pub trait Page: Serialize {
    /// The path below `templates/`.
    const TEMPLATE: &'static str;
    /// Fields that a kept page (see [`super::form::answer`]) takes from the fresh one: those too long for a
    /// cookie, and those that work for one try only.
    const FRESH: &'static [&'static str] = &[];
}

/// What a page shows besides its own content.
#[derive(Debug, Clone)]
pub struct Frame {
    pub tenant: Arc<Tenant>,
    /// The person who is signed in.
    pub person: Option<SignedInPerson>,
    /// The token that every form sends back.
    pub csrf: String,
    /// True if the person has a recovery code left and may use it.
    pub offers_recovery_code: bool,
    /// The result of the last action, said at the top.
    pub said: Option<String>,
}

impl Frame {
    /// Makes a frame without a person and without forms. It needs no database.
    #[must_use]
    pub const fn anonymous(tenant: Arc<Tenant>) -> Self {
        Self { tenant, person: None, csrf: String::new(), offers_recovery_code: false, said: None }
    }
}

/// Returns the path of a service's first page, or `None` if it has no pages yet. The door provides
/// it.
pub type ServicePage = fn(ServiceKind) -> Option<&'static str>;

/// All templates, parsed once, and the assets they refer to.
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
    /// Returns the first mistake in a template.
    pub fn load(services: ServicePage) -> Result<Self, tera::Error> {
        let assets = Arc::new(Assets::load());
        let mut templates = Tera::new();
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

    /// Fills a page in.
    ///
    /// # Errors
    /// Fails if the template asks for something that the page doesn't have.
    pub fn render<P: Page>(
        &self,
        frame: &Frame,
        status: StatusCode,
        page: &P,
    ) -> Result<Response, WebError> {
        self.render_kept(frame, status, P::TEMPLATE, page)
    }

    /// Fills a kept page in, from its fields and the name of its template.
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
        self.fill(frame, P::TEMPLATE, page)
    }

    /// Replaces characters that no font has by 〓, and adds a note if there are any.
    fn fill(
        &self,
        frame: &Frame,
        template: &str,
        page: &impl Serialize,
    ) -> Result<String, WebError> {
        let config = &frame.tenant.config;
        let mut context = Context::new();
        context.insert("union", &UnionView::of(config, self.services));
        context.insert("theme", &theme_url(config.brand.accent));
        context.insert("person", &frame.person);
        context.insert("csrf", &frame.csrf);
        context.insert("offers_recovery_code", &frame.offers_recovery_code);
        context.insert("said", &frame.said);
        context.insert("page", page);
        context.insert("gaiji", &false);
        let html = self.templates.render(template, &context)?;
        if !has_gaiji(&html) {
            return Ok(html);
        }
        context.insert("gaiji", &true);
        Ok(self
            .templates
            .render(template, &context)?
            .replace(is_gaiji, GETA.encode_utf8(&mut [0; 4])))
    }

    /// Fills in a page that belongs to no union.
    pub fn render_plain<P: Page>(&self, page: &P) -> Result<Response, WebError> {
        let mut context = Context::new();
        context.insert("page", page);
        Ok(Html(self.templates.render(P::TEMPLATE, &context)?).into_response())
    }
}

/// The person who is signed in, as every page shows them.
#[derive(Debug, Clone, Serialize)]
pub struct SignedInPerson {
    pub name: String,
    /// For a person who lost eligibility (T12): the day of the loss, and the last day on which the
    /// portal is open.
    pub lost_on: Option<String>,
    pub until: Option<String>,
}

/// What pages say of a union.
#[derive(Serialize)]
struct UnionView<'a> {
    name: &'a str,
    short_name: &'a str,
    logo_text: &'a str,
    accent: Colour,
    /// The icon for a telephone's home screen.
    touch_icon: String,
    /// The union's word: ユーザID or ユーザーID.
    user_id: &'static str,
    /// True if its people know the words of the older way (seed 004).
    older_way: bool,
    recovery_codes: bool,
    /// True if 「パスワードを忘れた方はこちら」 replaces lost devices (T11); otherwise staff do.
    lost_device_by_link: bool,
    /// The services on the top page and in the menu (T10).
    services: Vec<ServiceTile<'a>>,
    contact: ContactBox<'a>,
}

/// A service as pages show it.
#[derive(Serialize)]
struct ServiceTile<'a> {
    label: &'a str,
    icon: Icon,
    /// `None` if the page does not exist yet.
    path: Option<&'static str>,
}

#[derive(Serialize)]
struct ContactBox<'a> {
    #[serde(flatten)]
    contact: ContactView<'a>,
    /// A link that begins a mail to the union, with what it wants to read already there.
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

/// Builds a `mailto:` link with subject and body (RFC 6068 §2), with the items that the union asks
/// for (T7).
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
