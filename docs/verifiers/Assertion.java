// Checks a Sallyport assertion in Java, with the JDK and Gson. Spring does the same by spring.security.oauth2.resourceserver.jwt.
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;

public final class Assertion {
  private static final long LEEWAY_S = 30;
  private final URI keysUrl;
  private final String issuer;
  private final String audience;
  private final HttpClient http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
  private Map<String, PublicKey> keys = Map.of();

  public Assertion(URI keysUrl, String issuer, String audience) {
    this.keysUrl = keysUrl;
    this.issuer = issuer;
    this.audience = audience;
  }

  /** The claims. Throws when the token is not for this application, not signed by the portal's keys, or not of now. */
  public JsonObject verify(String token) throws GeneralSecurityException, IOException, InterruptedException {
    try {
      String[] parts = token.split("\\.", -1);
      if (parts.length != 3) throw new GeneralSecurityException("not a token");
      JsonObject header = json(parts[0]);
      if (!"ES256".equals(text(header, "alg"))) throw new GeneralSecurityException("another algorithm");
      Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
      signature.initVerify(keyNamed(text(header, "kid")));
      signature.update((parts[0] + "." + parts[1]).getBytes(StandardCharsets.US_ASCII));
      if (!signature.verify(bytes(parts[2]))) throw new GeneralSecurityException("another signature");

      JsonObject claims = json(parts[1]);
      long now = Instant.now().getEpochSecond();
      if (!issuer.equals(text(claims, "iss"))) throw new GeneralSecurityException("another issuer");
      if (!isFor(claims.get("aud"))) throw new GeneralSecurityException("for another application");
      if (claims.get("exp").getAsLong() + LEEWAY_S <= now) throw new GeneralSecurityException("expired");
      if (claims.get("nbf").getAsLong() - LEEWAY_S > now) throw new GeneralSecurityException("not yet good");
      if (text(claims, "sub") == null) throw new GeneralSecurityException("nobody");
      return claims;
    } catch (RuntimeException malformed) {
      throw new GeneralSecurityException("not a token", malformed);
    }
  }

  private boolean isFor(JsonElement aud) {
    if (aud == null || !aud.isJsonArray()) return aud != null && audience.equals(aud.getAsString());
    for (JsonElement one : aud.getAsJsonArray()) if (audience.equals(one.getAsString())) return true;
    return false;
  }

  /** Fetched when they are needed, and again when a new one signs. */
  private synchronized PublicKey keyNamed(String kid) throws GeneralSecurityException, IOException, InterruptedException {
    if (!keys.containsKey(kid)) {
      HttpRequest request = HttpRequest.newBuilder(keysUrl).timeout(Duration.ofSeconds(5)).build();
      HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() != 200) throw new IOException("The keys cannot be had: " + answer.statusCode());
      Map<String, PublicKey> fetched = new HashMap<>();
      for (JsonElement key : JsonParser.parseString(answer.body()).getAsJsonObject().getAsJsonArray("keys")) {
        fetched.put(text(key.getAsJsonObject(), "kid"), publicKey(key.getAsJsonObject()));
      }
      keys = fetched;
    }
    PublicKey key = keys.get(kid);
    if (key == null) throw new GeneralSecurityException("a key that is not the portal's");
    return key;
  }

  private static PublicKey publicKey(JsonObject key) throws GeneralSecurityException {
    AlgorithmParameters curve = AlgorithmParameters.getInstance("EC");
    curve.init(new ECGenParameterSpec("secp256r1"));
    ECPoint point = new ECPoint(new BigInteger(1, bytes(text(key, "x"))), new BigInteger(1, bytes(text(key, "y"))));
    return KeyFactory.getInstance("EC").generatePublic(new ECPublicKeySpec(point, curve.getParameterSpec(ECParameterSpec.class)));
  }

  private static String text(JsonObject object, String name) {
    return object.has(name) ? object.get(name).getAsString() : null;
  }

  private static JsonObject json(String part) {
    return JsonParser.parseString(new String(bytes(part), StandardCharsets.UTF_8)).getAsJsonObject();
  }

  private static byte[] bytes(String text) {
    return Base64.getUrlDecoder().decode(text);
  }
}
