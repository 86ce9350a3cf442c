import type { PageTexts } from '../page-text';

export const FR: PageTexts = {
  connected: (provider) => ({
    title: provider ? `${provider} : connexion établie` : 'Votre appareil est connecté',
    paragraphs: ['Vous pouvez fermer cette fenêtre et revenir à l’application.'],
  }),
  pending: (provider) => ({
    title: 'Presque terminé',
    paragraphs: [
      `Nous attendons que ${provider ?? 'votre fournisseur'} confirme la connexion. Cette page vérifie de nouveau toutes les quelques secondes.`,
      'Si vous avez choisi une application du téléphone, par exemple Apple Santé, terminez-y l’opération. Vous pouvez fermer cette fenêtre à tout moment : rien ne sera perdu.',
    ],
  }),
  failed: (provider) => ({
    title: provider ? `${provider} : échec de la connexion` : 'Votre appareil n’a pas pu être connecté',
    paragraphs: [
      'Rien n’a été connecté. Revenez à l’application et réessayez.',
      `Si ${provider ?? 'le fournisseur'} demande des autorisations, accordez toutes celles qui sont requises.`,
    ],
  }),
  cancelled: (provider) => ({
    title: 'Vous avez annulé',
    paragraphs: [
      provider ? `La connexion à ${provider} n’a pas été établie.` : 'Votre appareil n’a pas été connecté.',
      'Vous pouvez revenir à l’application et recommencer quand vous le souhaitez.',
    ],
  }),
  unknownLink: {
    title: 'Ce lien ne fonctionne pas',
    paragraphs: [
      'Le lien est peut-être incomplet. Revenez à l’application et choisissez de nouveau « Connecter ».',
    ],
  },
  spentLink: {
    title: 'Ce lien a déjà été utilisé',
    paragraphs: [
      'Chaque lien ne fonctionne qu’une fois. Pour connecter un autre appareil, revenez à l’application et recommencez.',
    ],
  },
  expiredLink: {
    title: 'Ce lien a expiré',
    paragraphs: [
      'Pour votre sécurité, les liens fonctionnent pendant une durée limitée. Revenez à l’application et recommencez.',
      'Si vous avez reçu ce lien dans un message, demandez-en un nouveau à l’expéditeur.',
    ],
  },
  renewableLink: {
    title: 'Ce lien a expiré',
    paragraphs: [
      'Pour votre sécurité, les liens fonctionnent pendant une durée limitée. Vous pouvez en obtenir un nouveau ici et continuer aussitôt.',
    ],
  },
  renewedLink: {
    title: 'Votre nouveau lien est prêt',
    paragraphs: ['Vous pouvez maintenant connecter votre appareil.'],
  },
  tooManyRequests: {
    title: 'Veuillez patienter un instant',
    paragraphs: ['Il y a eu trop de demandes. Attendez une minute, puis rechargez cette page.'],
  },
  serviceFailed: {
    title: 'Une erreur s’est produite',
    paragraphs: ['Vous n’y êtes pour rien. Attendez un instant, puis rechargez cette page.'],
  },
  backToApp: 'Revenir à l’application',
  getNewLink: 'Obtenir un nouveau lien',
  continue: 'Continuer',
};
