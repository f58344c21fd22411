// Starts Swagger UI over the document beside it; every address is relative, so a sandbox's page and one behind a proxy stay where they are.
addEventListener("load", () => {
  const place = document.getElementById("ui");
  const ui = SwaggerUIBundle({
    url: place.dataset.document,
    domNode: place,
    deepLinking: true,
    validatorUrl: null,
    tryItOutEnabled: true,
    onComplete: () => {
      for (const [scheme, value] of Object.entries(JSON.parse(place.dataset.credentials))) ui.preauthorizeApiKey(scheme, value);
    },
  });
});
