// SPDX-License-Identifier: GPL-2.0-only
#include "cityhub/certificate.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/mqtt_setup.h"

#define CERTIFICATE_WAIT_MS	5000
#define CERTIFICATE_WORDS	64

static void certificate_bad(struct certificate_verdict *v, const char *remedy,
			    const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void certificate_bad(struct certificate_verdict *v, const char *remedy,
			    const char *fmt, ...)
{
	va_list ap;

	v->good = false;
	snprintf(v->remedy, sizeof(v->remedy), "%s", remedy);
	va_start(ap, fmt);
	vsnprintf(v->problem, sizeof(v->problem), fmt, ap);
	va_end(ap);
}

static void certificate_day(time_t t, char day[CERTIFICATE_WORDS])
{
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(day, CERTIFICATE_WORDS, "%Y-%m-%d %H:%M UTC", &tm);
}

/* Keeps the earliest end; false, with the reason, outside of its dates. */
static bool certificate_dates(struct certificate_verdict *v,
			      gnutls_x509_crt_t crt, const char *whose,
			      const char *remedy)
{
	time_t from = gnutls_x509_crt_get_activation_time(crt);
	time_t until = gnutls_x509_crt_get_expiration_time(crt);
	time_t now = time(NULL);
	char day[CERTIFICATE_WORDS];

	if (!v->known || until < v->until)
		v->until = until;
	v->known = true;
	if (now > until) {
		certificate_day(until, day);
		certificate_bad(v, remedy, "%s has expired on %s", whose, day);
	} else if (now < from) {
		certificate_day(from, day);
		certificate_bad(v, "set the clock of this hub: most likely it is wrong",
				"%s is valid from %s on", whose, day);
	}
	return v->good;
}

static bool certificate_file(struct certificate_verdict *v, const char *path,
			     const char *whose, const char *remedy)
{
	gnutls_datum_t data;
	gnutls_x509_crt_t crt;
	bool good = true;

	if (!*path || gnutls_load_file(path, &data))
		return true;	/* conf_load() has seen that it can be read */
	if (!gnutls_x509_crt_init(&crt)) {
		if (!gnutls_x509_crt_import(crt, &data, GNUTLS_X509_FMT_PEM))
			good = certificate_dates(v, crt, whose, remedy);
		gnutls_x509_crt_deinit(crt);
	}
	gnutls_free(data.data);
	return good;
}

static bool certificate_peer(struct certificate_verdict *v,
			     const gnutls_datum_t *der)
{
	gnutls_x509_crt_t crt;
	bool good = true;

	if (gnutls_x509_crt_init(&crt))
		return true;
	if (!gnutls_x509_crt_import(crt, der, GNUTLS_X509_FMT_DER))
		good = certificate_dates(v, crt, "the certificate of the broker",
					 "whoever runs the broker must renew it");
	gnutls_x509_crt_deinit(crt);
	return good;
}

/* What the dates do not tell. */
static void certificate_status(struct certificate_verdict *v,
			       const struct conf *c, unsigned int status)
{
	gnutls_datum_t words;

	if (status & GNUTLS_CERT_SIGNER_NOT_FOUND) {
		certificate_bad(v, "set mqtt.ca_file to the certificate of the authority that signed it",
				"the certificate of the broker is signed by nobody we trust (%s)",
				*c->mqtt.ca_file ? c->mqtt.ca_file :
				MQTT_SETUP_CA_DIR);
	} else if (status & GNUTLS_CERT_UNEXPECTED_OWNER) {
		certificate_bad(v, "set mqtt.host to a name the certificate has",
				"the certificate of the broker is not for %s",
				c->mqtt.host);
	} else if (!gnutls_certificate_verification_status_print(status,
			GNUTLS_CRT_X509, &words, 0)) {
		certificate_bad(v, "show this to whoever runs the broker",
				"the broker is not trusted: %s", words.data);
		gnutls_free(words.data);
	}
}

static void certificate_verify(struct certificate_verdict *v,
			       const struct conf *c, gnutls_session_t s)
{
	unsigned int n = 0, status = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(s, &n);

	for (unsigned int i = 0; i < n; i++)
		if (!certificate_peer(v, &chain[i]))
			return;
	if (gnutls_certificate_verify_peers3(s, c->mqtt.host, &status))
		certificate_bad(v, "show this to whoever runs the broker",
				"the broker shows no certificate");
	else if (status)
		certificate_status(v, c, status);
}

static void certificate_shake(struct certificate_verdict *v,
			      const struct conf *c, gnutls_session_t s)
{
	int err;

	do {
		err = gnutls_handshake(s);
	} while (err < 0 && !gnutls_error_is_fatal(err));
	if (err == GNUTLS_E_FATAL_ALERT_RECEIVED)
		certificate_bad(v, "the broker wants another mqtt.cert_file, or none of its TLS versions is 1.2 or newer",
				"the broker ends the TLS handshake: %s",
				gnutls_alert_get_name(gnutls_alert_get(s)));
	else if (err)
		certificate_bad(v, "does this port speak TLS? If not, set mqtt.port or mqtt.tls",
				"the TLS handshake fails: %s",
				gnutls_strerror(err));
	else
		certificate_verify(v, c, s);
}

static int certificate_credentials(const struct conf *c,
				   gnutls_certificate_credentials_t cred)
{
	int n = *c->mqtt.ca_file ?
		gnutls_certificate_set_x509_trust_file(cred, c->mqtt.ca_file,
						       GNUTLS_X509_FMT_PEM) :
		gnutls_certificate_set_x509_trust_dir(cred, MQTT_SETUP_CA_DIR,
						      GNUTLS_X509_FMT_PEM);

	if (n < 0 || !*c->mqtt.cert_file)
		return n < 0 ? n : 0;
	return gnutls_certificate_set_x509_key_file(cred, c->mqtt.cert_file,
						    c->mqtt.key_file,
						    GNUTLS_X509_FMT_PEM);
}

static void certificate_session(int fd, const struct conf *c,
				struct certificate_verdict *v,
				gnutls_certificate_credentials_t cred)
{
	unsigned char address[sizeof(struct in6_addr)];
	gnutls_session_t s;

	if (gnutls_init(&s, GNUTLS_CLIENT))
		return;
	gnutls_set_default_priority(s);
	gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, cred);
	/* Addresses have no place in the server name. */
	if (inet_pton(AF_INET, c->mqtt.host, address) != 1 &&
	    inet_pton(AF_INET6, c->mqtt.host, address) != 1)
		gnutls_server_name_set(s, GNUTLS_NAME_DNS, c->mqtt.host,
				       strlen(c->mqtt.host));
	gnutls_transport_set_int(s, fd);
	gnutls_handshake_set_timeout(s, CERTIFICATE_WAIT_MS);
	certificate_shake(v, c, s);
	gnutls_deinit(s);
}

void certificate_look(int fd, const struct conf *c,
		      struct certificate_verdict *v)
{
	gnutls_certificate_credentials_t cred;
	int err;

	*v = (struct certificate_verdict){ .good = true };
	if (!certificate_file(v, c->mqtt.cert_file,
			      "our own certificate (mqtt.cert_file)",
			      "get a new one from the authority of the broker") ||
	    !certificate_file(v, c->mqtt.ca_file,
			      "the authority's certificate (mqtt.ca_file)",
			      "get the new one of the authority") ||
	    gnutls_certificate_allocate_credentials(&cred))
		return;
	err = certificate_credentials(c, cred);
	if (err)
		certificate_bad(v, "mqtt.ca_file, cert_file and key_file must be PEM, and the last two belong together",
				"our certificates cannot be used: %s",
				gnutls_strerror(err));
	else
		certificate_session(fd, c, v, cred);
	gnutls_certificate_free_credentials(cred);
}
