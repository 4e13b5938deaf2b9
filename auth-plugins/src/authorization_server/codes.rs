//! Authorization codes: made for one request, redeemed once, by whoever proves to have made that
//! request. RFC 6749 sections 4.1.2 and 4.1.3, RFC 7636 section 4.6, RFC 9700 section 2.1.1.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gitlab_mcp_core::random;
use gitlab_mcp_store::{StoreError, Updated};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::AuthorizationServer;
use super::grant::{Code, Login, Request};
use super::records::{Found, TakenRecord};

const PREFIX: &str = "gmac_";
/// The wrong verifier with which a code ends.
const LAST_TRY: u8 = 5;
/// Within this time a second use with full proof is the client's own repetition.
const REPETITION: Duration = Duration::from_secs(10);

/// What comes with a code. RFC 6749 section 4.1.3.
#[derive(Clone, Copy)]
pub struct Proof<'a> {
    /// The client, who proved itself already.
    pub client: &'a str,
    /// The redirect URI of the authorization request; none when it had none.
    pub redirect_uri: Option<&'a str>,
    /// The verifier of its challenge. RFC 7636 section 4.5.
    pub verifier: &'a str,
    /// The base URL the request came in under.
    pub issuer: &'a str,
}

impl std::fmt::Debug for Proof<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proof").finish_non_exhaustive()
    }
}

/// How a redemption ended.
#[derive(Debug)]
pub enum Redeemed {
    /// This caller, and no other, has the login.
    Login(Code),
    /// Unknown, over, of somebody else, or without proof. Nothing happened.
    Refused,
    /// Used before, by whoever can prove to be the one it was made for.
    Replayed {
        /// What it was.
        code: Code,
        /// So late that somebody else must have used it the first time.
        is_theft: bool,
    },
}

impl AuthorizationServer {
    /// A code for `request` that opens the login `sid`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn issue_code(&self, sid: &str, request: Request) -> Result<String, StoreError> {
        let code = format!("{PREFIX}{}", random::token(&*self.random, 32));
        let life = self.rules.code_life;
        let record = Code {
            sid: sid.to_owned(),
            request,
            tries: 0,
            ends: self.tokens.now().saturating_add(life.as_secs()),
        };
        // 256 random bits meet nobody's place.
        self.records.put_new(&code, &record, life).await?;
        Ok(code)
    }

    /// The login that `code` opens for whoever can prove to be the one it was made for. Proves and
    /// changes nothing.
    pub(super) async fn login_of_code(&self, code: &str) -> Result<Option<Login>, StoreError> {
        let Some(found) = self.records.get::<Code>(code).await? else {
            return Ok(None);
        };
        let login = self.login(&found.record.sid).await?;
        Ok(login.map(|found| found.record))
    }

    /// Redeems `code`. Everything is checked before it is taken: without full proof neither the
    /// code nor its login changes, but for the fifth wrong verifier, which ends the code.
    ///
    /// # Errors
    /// [`StoreError`]; the code is as good as before.
    pub async fn redeem(&self, code: &str, proof: Proof<'_>) -> Result<Redeemed, StoreError> {
        if let Some(found) = self.records.get::<Code>(code).await? {
            if !is_for(&found.record, proof) {
                return Ok(Redeemed::Refused);
            }
            if !verifies(&found.record, proof) {
                self.wrong_verifier(found).await?;
                return Ok(Redeemed::Refused);
            }
        }
        // The tombstone outlives every repetition that could still be a theft.
        match self
            .records
            .take::<Code>(code, self.rules.longest_life)
            .await?
        {
            TakenRecord::First(code) if is_for(&code, proof) && verifies(&code, proof) => {
                Ok(Redeemed::Login(code))
            }
            TakenRecord::Before { record, ago }
                if is_for(&record, proof) && verifies(&record, proof) =>
            {
                Ok(Redeemed::Replayed {
                    code: record,
                    is_theft: ago > REPETITION,
                })
            }
            _ => Ok(Redeemed::Refused),
        }
    }

    /// Counts a wrong verifier. A count that loses against another is made again by the next one.
    async fn wrong_verifier(&self, found: Found<Code>) -> Result<(), StoreError> {
        let tries = found.record.tries.saturating_add(1);
        if tries >= LAST_TRY {
            self.records.forget(&found).await?;
            return Ok(());
        }
        let left = found.record.ends.saturating_sub(self.tokens.now()).max(1);
        let counted = Code {
            tries,
            ..found.record.clone()
        };
        let life = Duration::from_secs(left);
        let updated = self.records.update(&found, &counted, life, None).await?;
        debug_assert!(!matches!(updated, Updated::Fenced));
        Ok(())
    }
}

fn is_for(code: &Code, proof: Proof<'_>) -> bool {
    let request = &code.request;
    request.client == proof.client
        && request.issuer == proof.issuer
        && request.redirect_uri.as_deref() == proof.redirect_uri
}

fn verifies(code: &Code, proof: Proof<'_>) -> bool {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(proof.verifier.as_bytes()));
    is_verifier(proof.verifier) && {
        let (made, stored) = (challenge.as_bytes(), code.request.challenge.as_bytes());
        made.ct_eq(stored).into()
    }
}

/// 43 to 128 unreserved characters. RFC 7636 section 4.1.
pub(super) fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

#[cfg(test)]
mod tests;
