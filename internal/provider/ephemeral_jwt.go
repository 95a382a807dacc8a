// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/keys"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// jwtEphemeralResource is the ephemeral resource oauth2cc_jwt. Of the provider block it needs
// nothing but the timeout, for a command.
type jwtEphemeralResource struct {
	now  func() time.Time
	data *providerData
}

var (
	_ ephemeral.EphemeralResourceWithConfigure      = (*jwtEphemeralResource)(nil)
	_ ephemeral.EphemeralResourceWithValidateConfig = (*jwtEphemeralResource)(nil)
)

// Values of secret_encoding.
const (
	utf8Encoding   = "utf8"
	base64Encoding = "base64"
	hexEncoding    = "hex"
)

// jwtModel holds the attributes of the ephemeral resource.
type jwtModel struct {
	PrivateKey          types.String      `tfsdk:"private_key"`
	Passphrase          types.String      `tfsdk:"private_key_passphrase"`
	PKCS12              types.String      `tfsdk:"pkcs12"`
	PrivateKeyCommand   types.List        `tfsdk:"private_key_command"`
	Password            types.String      `tfsdk:"pkcs12_password"`
	Secret              types.String      `tfsdk:"secret"`
	SecretEncoding      types.String      `tfsdk:"secret_encoding"`
	Algorithm           types.String      `tfsdk:"algorithm"`
	KeyID               types.String      `tfsdk:"key_id"`
	Certificate         types.String      `tfsdk:"certificate"`
	Type                types.String      `tfsdk:"type"`
	Claims              types.String      `tfsdk:"claims"`
	Lifetime            types.String      `tfsdk:"lifetime"`
	JWT                 types.String      `tfsdk:"jwt"`
	AuthorizationHeader types.String      `tfsdk:"authorization_header"`
	ExpiresAt           timetypes.RFC3339 `tfsdk:"expires_at"`
}

func (*jwtEphemeralResource) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = typeName + "_jwt"
}

func (*jwtEphemeralResource) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A JWT that is signed with your key, for APIs that take it as the credential. Nothing is requested. " +
			"Requires Terraform 1.10 or OpenTofu 1.11.",
		Attributes: union(keyAttributes("Default: that of the JWK, or else the first that suits the key."), map[string]schema.Attribute{
			"secret": sensitive(signingSecret(), "Signing secret, for the algorithms `HS256` (default), `HS384` and `HS512`. "+
				"It has at least 32, 48 or 64 bytes ([RFC 7518 section 3.2](https://www.rfc-editor.org/rfc/rfc7518#section-3.2))."),
			"secret_encoding": optional(oneOf(utf8Encoding, base64Encoding, hexEncoding), "How `secret` is written: `utf8` (default, its bytes are the text's), "+
				"`base64` (of either alphabet) or `hex`."),
			"claims": optional(jsonObject(), "The claims: a JSON object, written with `jsonencode`. "+
				"`iat` (now), `exp` (`lifetime` later) and `jti` (random) are added unless it names them. `null` leaves one out."),
			"jwt": schema.StringAttribute{Computed: true, Sensitive: true, MarkdownDescription: "The JWT."},
			"authorization_header": schema.StringAttribute{
				Computed:            true,
				Sensitive:           true,
				MarkdownDescription: "Value for an `Authorization` header: `Bearer`, a space and the JWT.",
			},
			"expires_at": schema.StringAttribute{
				Computed:            true,
				CustomType:          timetypes.RFC3339Type{},
				MarkdownDescription: "When the JWT expires, in UTC (RFC 3339); null if it has no numeric `exp`.",
			},
		}),
	}
}

func (r *jwtEphemeralResource) Configure(_ context.Context, req ephemeral.ConfigureRequest, _ *ephemeral.ConfigureResponse) {
	r.data, _ = req.ProviderData.(*providerData)
}

func (r *jwtEphemeralResource) ValidateConfig(
	ctx context.Context, req ephemeral.ValidateConfigRequest, resp *ephemeral.ValidateConfigResponse,
) {
	var model jwtModel
	resp.Diagnostics.Append(decode(ctx, req.Config, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	object := objectOf(ctx, model)
	resp.Diagnostics.Append(exactlyOne(path.Empty(), object, keys.MemberPrivateKey, keys.MemberPKCS12, keys.MemberCommand, "secret")...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(validateKey(path.Empty(), object, asNamed)...)
	}
	if model.Secret.IsNull() && !model.SecretEncoding.IsNull() && !model.SecretEncoding.IsUnknown() {
		resp.Diagnostics.AddAttributeError(path.Root("secret_encoding"), "Conflicting attributes",
			"secret_encoding says how secret is written, and there is none. Set secret, or remove secret_encoding.")
	}
	if resp.Diagnostics.HasError() || len(unknownIn(ctx, valuesOf(model))) > 0 {
		return
	}
	assertion, err := model.assertion(ctx, r.now)
	if err == nil {
		err = tokensource.CheckSignature(assertion)
	}
	if err != nil {
		resp.Diagnostics.Append(describeJWTError(err).diagnostic())
	}
}

func (r *jwtEphemeralResource) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var model jwtModel
	resp.Diagnostics.Append(decode(ctx, req.Config, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	var signed secret.String
	assertion, err := model.assertion(ctx, r.now)
	if assertion.Key.Command != nil {
		if len(r.data.unknown) > 0 {
			resp.Diagnostics.Append(unknownError(r.data.unknown, ""))
			return
		}
		assertion = r.data.tokens.WithCommands(assertion)
	}
	if err == nil {
		signed, err = assertion.Assertion(ctx)
	}
	if err != nil {
		resp.Diagnostics.Append(describeJWTError(err).diagnostic())
		return
	}
	model.JWT = types.StringValue(signed.Reveal())
	model.AuthorizationHeader = types.StringValue("Bearer " + signed.Reveal())
	model.ExpiresAt = timetypes.NewRFC3339Null()
	if decoded, err := oauth2.DecodeJWT(signed.Reveal()); err == nil {
		if _, numeric := decoded.Claims["exp"].(json.Number); numeric {
			model.ExpiresAt = instantOf(decoded.ExpiresAt())
		}
	}
	resp.Diagnostics.Append(resp.Result.Set(ctx, objectOf(ctx, model))...)
}

// assertion maps the attributes. The error is a [*clientauth.AssertionError] or a
// [*tokensource.ConfigError].
func (m jwtModel) assertion(ctx context.Context, now func() time.Time) (clientauth.SignedAssertion, error) {
	assertion := *signedAssertion(objectOf(ctx, m))
	assertion.Now = now
	if m.Secret.IsNull() {
		return assertion, nil
	}
	key, err := decodeSecret(m.Secret.ValueString(), m.SecretEncoding.ValueString())
	if err != nil {
		return assertion, &clientauth.AssertionError{Attribute: "secret", Err: err}
	}
	if assertion.Certificate != "" {
		return assertion, &tokensource.ConfigError{Attribute: "certificate", Err: tokensource.ErrNoPrivateKey}
	}
	assertion.ClientSecret = secret.New(string(key))
	return assertion, nil
}

// decodeSecret decodes a secret as secret_encoding says. The errors do not quote it.
func decodeSecret(text, encoding string) ([]byte, error) {
	switch encoding {
	case base64Encoding:
		standard := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
		key, err := base64.RawStdEncoding.DecodeString(standard)
		if err != nil {
			return nil, errors.New("the value is not base64; check secret_encoding")
		}
		return key, nil
	case hexEncoding:
		key, err := hex.DecodeString(text)
		if err != nil {
			return nil, errors.New("the value is not hexadecimal; check secret_encoding")
		}
		return key, nil
	default:
		return []byte(text), nil
	}
}

// describeJWTError is for a JWT that cannot be signed. It has the attributes of
// signed_assertion, and secret in place of client_secret.
func describeJWTError(err error) finding {
	if config, ok := errors.AsType[*tokensource.ConfigError](err); ok {
		return describeConfig(config)
	}
	found := finding{facts: []string{sentence(err.Error())}}
	if part, ok := errors.AsType[*clientauth.AssertionError](err); ok {
		attribute := strings.NewReplacer("signed_assertion.", "", "client_secret", "secret").Replace(part.Attribute)
		found = describeAssertion(&clientauth.AssertionError{Attribute: attribute, Err: part.Err})
	}
	found.summary = "The JWT cannot be signed"
	return found
}
