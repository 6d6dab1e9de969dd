//! 「初回設定のご案内」: what the first sign-in will ask, in the union's own order (seeds 001–004).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use crate::auth::journey::Step;
use crate::tenant::policy::{FirstSignInFlow, TenantConfig};
use crate::web::error::WebError;
use crate::web::identity::SigningIn;
use crate::web::page::Page;
use crate::web::state::AppState;

#[derive(Debug, Serialize)]
pub(super) struct FirstSignIn {
    pub(super) steps: Vec<&'static str>,
}

impl Page for FirstSignIn {
    const TEMPLATE: &'static str = "portal/first_sign_in.html";
}

pub(super) async fn show(
    State(app): State<AppState>,
    signing_in: SigningIn,
) -> Result<Response, WebError> {
    match signing_in.at(Step::FirstSignIn) {
        Ok(SigningIn { visitor, .. }) => {
            let steps = steps(&visitor.tenant.config);
            visitor.page(&app, StatusCode::OK, &FirstSignIn { steps })
        }
        Err(elsewhere) => Ok(elsewhere.into_response()),
    }
}

fn steps(config: &TenantConfig) -> Vec<&'static str> {
    match config.first_sign_in.flow {
        FirstSignInFlow::SingleForm => {
            vec![
                "保険者番号・生年月日の入力と利用規約への同意",
                "ユーザーID・パスワードなどの登録",
                "登録内容の確認",
            ]
        }
        FirstSignInFlow::Steps => {
            let mut steps = vec![
                "生年月日の入力",
                "利用規約への同意",
                "メールアドレスの設定と確認",
                "ユーザIDの変更・認証方法の設定",
                "パスワードの更新",
            ];
            if config.first_sign_in.sign_out_before_set_up {
                steps.push("一度ログアウトし、もう一度ログインして認証方法を設定");
            }
            steps
        }
    }
}
