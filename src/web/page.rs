//! A page is a struct beside its handler; this module fills its template in and adds what every
//! page has: the union's look, the person's name, the form token.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Response};
use serde::Serialize;
use tera::{Context, Kwargs, State, Tera};

use super::assets::{Assets, TemplateFiles, theme_url};
use super::error::WebError;
use crate::tenant::directory::Tenant;

/// A page: its fields are what the template calls `page`.
pub trait Page: Serialize {
    /// The path below `templates/`.
    const TEMPLATE: &'static str;
}

/// What a page shows besides its own content.
#[derive(Debug, Clone)]
pub struct Frame {
    pub tenant: Arc<Tenant>,
    /// The name of whoever is signed in.
    pub person: Option<Person>,
    /// The token every form sends back.
    pub csrf: String,
}

/// All templates, parsed once, and the files they refer to.
#[derive(Debug)]
pub struct Pages {
    templates: Arc<Tera>,
    assets: Arc<Assets>,
}

impl Pages {
    /// Parses every template.
    ///
    /// # Errors
    /// The first template that is wrong.
    pub fn load() -> Result<Self, tera::Error> {
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
            .filter(|path| !path.starts_with("assets/"))
            .filter_map(|path| {
                let text = String::from_utf8(TemplateFiles::get(&path)?.data.into_owned()).ok()?;
                Some((path.into_owned(), text))
            })
            .collect();
        templates.add_raw_templates(files)?;
        Ok(Self { templates: Arc::new(templates), assets })
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
    /// A template that asks for what the page doesn't have.
    pub fn render<P: Page>(
        &self,
        frame: &Frame,
        status: StatusCode,
        page: &P,
    ) -> Result<Response, WebError> {
        Ok((status, Html(self.html(frame, page)?)).into_response())
    }

    pub(crate) fn html<P: Page>(&self, frame: &Frame, page: &P) -> Result<String, WebError> {
        let config = &frame.tenant.config;
        let mut context = Context::new();
        context.insert("union", &Union::of(config));
        context.insert("theme", &theme_url(config.brand.accent));
        context.insert("person", &frame.person);
        context.insert("csrf", &frame.csrf);
        context.insert("page", page);
        Ok(self.templates.render(P::TEMPLATE, &context)?)
    }

    /// Fills in a page that belongs to no union.
    ///
    /// # Errors
    /// As [`Pages::render`].
    pub fn render_plain<P: Page>(&self, page: &P) -> Result<Response, WebError> {
        let mut context = Context::new();
        context.insert("page", page);
        Ok(Html(self.templates.render(P::TEMPLATE, &context)?).into_response())
    }
}

/// Who is signed in, as every page names them.
#[derive(Debug, Clone, Serialize)]
pub struct Person {
    pub name: String,
    /// Where eligibility is lost (T12): since when, and until when the portal is open.
    pub lost_on: Option<String>,
    pub until: Option<String>,
}

/// What pages tell of a union.
#[derive(Serialize)]
struct Union<'a> {
    name: &'a str,
    short_name: &'a str,
    logo_text: &'a str,
    recovery_codes: bool,
    contact: ContactBox<'a>,
}

/// Every key is there, since templates refuse to guess.
#[derive(Serialize)]
struct ContactBox<'a> {
    text: &'a str,
    mail: Option<&'a str>,
    form_url: Option<&'a str>,
    subject: Option<&'a str>,
    required_items: &'a [String],
    note: Option<&'a str>,
}

impl<'a> Union<'a> {
    fn of(config: &'a crate::tenant::policy::TenantConfig) -> Self {
        let contact = &config.contact;
        Self {
            name: &config.name,
            short_name: &config.short_name,
            logo_text: &config.brand.logo_text,
            recovery_codes: config.sign_in.offers_recovery_codes(),
            contact: ContactBox {
                text: &contact.text,
                mail: contact.mail.as_deref(),
                form_url: contact.form_url.as_deref(),
                subject: contact.subject.as_deref(),
                required_items: &contact.required_items,
                note: contact.note.as_deref(),
            },
        }
    }
}
