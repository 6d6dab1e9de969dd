//! A subscriber and a staff member of one union with the same user ID and the same id.

use std::sync::Arc;

use chrono::Duration;
use kosmo::auth::credentials::user_id::UserId;
use kosmo::auth::people::People;
use kosmo::auth::session::{self, Lookup, Session};
use kosmo::auth::sign_in::{PasswordInput, SignInOutcome};
use kosmo::base::realm::{Staff, Subscribers};
use kosmo::base::secret::PlainToken;
use kosmo::db::TenantTx;
use kosmo::db::actor::{Actor, ActorKind, Client};
use kosmo::tenant::directory::Tenant;

use crate::passkeys::KLINE;
use crate::support::browser::Browser;
use crate::support::people::TARO;
use crate::support::world::World;

pub const STAFFS_PASSWORD: &str = "Jimukyoku-2026";
pub const STAFFS_EMAIL: &str = "staff@example.jp";
pub const STAFFS_NAME: &str = "事務太郎";

/// A realm whose people sign in here.
pub trait Door: People {
    const PASSWORD: &'static str;
    const EMAIL: &'static str;
    const ORIGIN: &'static str;
}

impl Door for Subscribers {
    const PASSWORD: &'static str = TARO.password;
    const EMAIL: &'static str = TARO.email;
    const ORIGIN: &'static str = KLINE;
}

impl Door for Staff {
    const PASSWORD: &'static str = STAFFS_PASSWORD;
    const EMAIL: &'static str = STAFFS_EMAIL;
    const ORIGIN: &'static str = "http://klinekenpo-console.localhost:8080";
}

/// The union, Taro, and his twin.
pub struct Twins {
    pub world: World,
    pub union: Arc<Tenant>,
    pub actor: Actor,
}

/// The result of a sign-in.
pub struct SignedIn<R: Door> {
    pub token: PlainToken,
    pub session: Session<R>,
}

impl Twins {
    pub async fn new() -> Self {
        let world = World::new().await;
        let union = world.union(TARO.union);
        let hash =
            world.app.hasher.hash_patiently(union.id, &STAFFS_PASSWORD.into()).await.unwrap();
        let twin = format!(
            "insert into logins (tenant_id, realm, id, user_id, email, email_confirmed_at, password_hash,
                                 password_set_at, registered_at, created_at)
             select tenant_id, 'staff', id, user_id, '{STAFFS_EMAIL}', email_confirmed_at, '{hash}',
                    password_set_at, registered_at, created_at
             from logins where email = '{}'",
            TARO.email
        );
        world.execute(&twin).await;
        world
            .execute(&format!(
                "insert into staff (tenant_id, realm, login_id, name, roles, invited_at, accepted_at)
                 select tenant_id, realm, id, '{STAFFS_NAME}', '{{viewer}}', now(), now()
                 from logins where realm = 'staff'"
            ))
            .await;
        let actor = Actor::unknown(ActorKind::Subscriber, Client::default(), None);
        Self { world, union, actor }
    }

    pub async fn tx(&self) -> TenantTx {
        self.world.app.db.tenant(self.union.id, &self.actor).await.unwrap()
    }

    pub async fn try_password<R: Door>(&self, password: &str) -> SignInOutcome {
        self.world.clock.advance(Duration::milliseconds(1));
        let given = PasswordInput {
            user_id: Some(&UserId::parse(TARO.user_id).unwrap()),
            password: &password.into(),
            remember: false,
            client: &Client::default(),
            browser: &PlainToken::random(),
        };
        self.world
            .app
            .sign_in(&self.actor)
            .with_password::<R>(&self.union, None, given)
            .await
            .unwrap()
    }

    pub async fn look<R: Door>(&self, token: &PlainToken) -> Lookup<R> {
        let mut tx = self.tx().await;
        let found = session::find(&mut tx, self.world.app.context(&self.union), token).await;
        tx.commit().await.unwrap();
        found.unwrap()
    }

    pub async fn sign_in<R: Door>(&self) -> SignedIn<R> {
        let outcome = self.try_password::<R>(R::PASSWORD).await;
        let SignInOutcome::Accepted { token, .. } = outcome else {
            panic!("{}: {outcome:?}", R::NAME)
        };
        let Lookup::Living(session) = self.look::<R>(&token).await else { panic!("no session") };
        SignedIn { token, session: *session }
    }

    /// Opens a browser at the console with a session of the twin, whose second factor is proved or not.
    pub async fn at_console(&self, proved: bool) -> Browser {
        let SignedIn { token, session } = self.sign_in::<Staff>().await;
        if proved {
            let prove = "update sessions set second_factor_at = last_seen_at
                         where realm = 'staff' and id";
            self.world.execute(&format!("{prove} = '{}'", session.id)).await;
        }
        let mut browser = self.world.at_console(TARO.union);
        browser.cookies.insert("__Host-kosmo-session".to_owned(), token.expose());
        browser
    }

    pub async fn mailed_token(&self, address: &str) -> PlainToken {
        self.world.deliver().await;
        let mails = self.world.mails_to(address);
        let mut words = mails.iter().flat_map(|mail| mail.split_whitespace());
        let link = words.rfind(|word| word.contains("token=")).expect("a link");
        PlainToken::parse(link.split_once("token=").unwrap().1).expect("a token")
    }
}
